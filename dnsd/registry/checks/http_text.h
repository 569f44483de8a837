// Signpost. Apache-2.0; see LICENSE.
// An HTTP check as a request, and its failures in the words that Consul (Go) has for them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/http/client.h"
#include "dnsd/registry/checks/outcome.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// Why the request cannot be sent at all: method, URL or header would break out of their place in it.
std::optional<std::string> HttpCheckFault(const CheckDefinition& definition);

// With Consul's User-Agent and Accept unless the definition has its own; keeps the end of the body.
http::Request HttpCheckRequest(const CheckDefinition& definition, Millis timeout, size_t output_limit);

Outcome JudgeHttpResponse(const CheckDefinition& definition, const http::Response& response);
// `Get "http://...": dial tcp ...`.
Outcome JudgeHttpFailure(const CheckDefinition& definition, const Status& failure);

// The reason of a failed exchange as Go words it, where it is a common one: "dial tcp 127.0.0.1:80: connect: connection
// refused", "EOF"; otherwise the client's own text.
std::string GoReason(std::string_view client_text);
// The client's text tells that the request's time was over.
bool IsTimeout(std::string_view client_text);

}  // namespace signpost::registry
