// Signpost. Apache-2.0; see LICENSE.
// From the question by CNAME and DNAME to where the data are, whatever the order of the records (F11, F12, F30).
#pragma once

#include <cstdint>
#include <vector>

#include "dnsd/resolver/question.h"
#include "dnsd/resolver/reply.h"
#include "dnsd/resolver/reply_records.h"

namespace signpost::resolver {

inline constexpr size_t kMaxLinks = 16;  // F18

struct Chain {
  enum class End : unsigned char {
    kData,     // records of the type stand at `last`, or the last link is itself what was asked for
    kNothing,  // `last` has no record that answers
    kOwnZone,  // `last` is a name that we do not take from others
    kRoute,    // `last` is a name that others are to be asked for
    kLoop,     // it meets itself, or has more than kMaxLinks links
    kTooLong,  // a DNAME makes a name of more than 255 octets
  };
  End end = End::kNothing;
  std::vector<uint32_t> links;  // records, in order: CNAMEs, and DNAMEs each before the CNAME that it stands for
  size_t length = 0;            // CNAMEs
  FlatName last;
};

// Adds the CNAMEs that DNAMEs stand for; what the reply itself says about these is not believed.
Chain Follow(ReplyRecords& records, const Question& question, const ReplyRules& rules);

// `question`'s type is what a record of `type` answers.
inline bool Answers(uint16_t type, const Question& question) {
  return question.type == wire::type::kAny || type == question.type;
}

}  // namespace signpost::resolver
