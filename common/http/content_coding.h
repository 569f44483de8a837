// Signpost. Apache-2.0; see LICENSE.
// For this folder only: gzip as a content coding (RFC 9110 8.4, 12.5.3). Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/http/server.h"

namespace signpost::http {

// Whether the Accept-Encoding of `request` admits gzip, and does not like an uncompressed answer better.
// No such header means no.
bool PrefersGzip(const ServerRequest& request);

// The gzip form of `text` (RFC 1952), made fast rather than small.
std::string Gzip(std::string_view text);

// Replaces the body of `response` by its gzip form and says so in its headers; leaves it alone when the body has fewer
// than `from` bytes or would not shrink, or when the handler did something of the kind itself.
void Compress(ServerResponse& response, size_t from);

}  // namespace signpost::http
