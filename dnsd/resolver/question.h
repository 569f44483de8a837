// Signpost. Apache-2.0; see LICENSE.
// What is asked of an upstream, and what the cache is looked up by. Class IN always.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "dnsd/wire/name.h"
#include "dnsd/wire/query.h"

namespace signpost::resolver {

// Clients with DO and with CD get answers of their own (F59): they may hold other records.
struct Variant {
  bool dnssec_ok = false;
  bool checking_disabled = false;
  friend auto operator<=>(const Variant&, const Variant&) = default;
};

struct Question {
  std::string name;  // wire form, folded to lower case (RFC 4343)
  uint16_t type = 0;
  Variant variant;

  friend auto operator<=>(const Question&, const Question&) = default;
};

// The same without memory of its own, for looking things up on the hot path.
struct QuestionView {
  std::string_view name;  // wire form, folded
  uint16_t type = 0;
  Variant variant;
};

inline std::string_view NameBytes(const wire::Name& name) {
  return {reinterpret_cast<const char*>(name.wire().data()), name.size()};
}
inline Question Copy(const QuestionView& view) { return {std::string(view.name), view.type, view.variant}; }
inline QuestionView View(const Question& question) { return {question.name, question.type, question.variant}; }

}  // namespace signpost::resolver
