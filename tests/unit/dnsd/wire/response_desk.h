// Signpost. Apache-2.0; see LICENSE.
// A response writer in a few words.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dnsd/wire/query.h"
#include "dnsd/wire/response_writer.h"
#include "tests/support/dns/decode.h"
#include "tests/support/dns/question.h"

namespace signpost::wire {

using test::Bytes;
using test::Decode;
using test::NameBytes;
using test::Question;
using test::Reply;

inline constexpr uint8_t kV4[] = {192, 0, 2, 7};
inline constexpr uint8_t kV6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

// A writer with the query that it answers; the buffer behind the limit must stay as it is.
struct Desk {
  explicit Desk(const Question& question, size_t size_limit = 512, const OptContent& opt = {})
      : packet(question.Packet()), limit(size_limit) {
    EXPECT_EQ(ParseQuery(packet, query), Verdict::kQuery);
    writer.emplace(buffer, limit, query, opt);
  }
  Reply Finish(const FinishOptions& options = {}) {
    const size_t size = writer->Finish(options);
    return Decode(std::span(buffer).first(size), limit);
  }

  Bytes packet;
  size_t limit;
  Query query;
  Bytes buffer = Bytes(65535, 0xee);
  std::optional<ResponseWriter> writer;
};

}  // namespace signpost::wire
