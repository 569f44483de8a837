// Signpost. Apache-2.0; see LICENSE.
// The CNAMEs of an answer that is being written.
#pragma once

#include <cstdint>

#include "common/base/bytes.h"
#include "dnsd/resolver/answer_names.h"
#include "dnsd/wire/query.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::query {

// Calls `visit(owner, target)`, two FlatNames, for each in the order of the message until one is true, and says whether
// one was.
template <typename Visit>
bool AnyLink(wire::ResponseWriter& writer, const wire::Query& query, const Visit& visit) {
  constexpr size_t kHead = 10;  // type, class, TTL, RDLENGTH
  const resolver::MessageView view({writer.At(0), writer.size()});
  size_t at = wire::kHeaderSize + query.question.size();
  for (uint16_t i = 0; i < writer.count(wire::Section::kAnswer); ++i) {
    resolver::FlatName owner, target;
    at += resolver::ReadName(view, at, view.size(), resolver::Pointers::kAllowed, owner) + kHead;
    if (at > view.size()) return false;
    const uint8_t* const head = writer.At(at - kHead);
    const size_t end = at + LoadU16(head + kHead - 2);
    if (end > view.size()) return false;
    const bool is_link = LoadU16(head) == wire::type::kCname &&
                         resolver::ReadName(view, at, end, resolver::Pointers::kAllowed, target) != 0;
    if (is_link && visit(owner, target)) return true;
    at = end;
  }
  return false;
}

}  // namespace signpost::query
