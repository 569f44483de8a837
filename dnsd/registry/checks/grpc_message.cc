// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/grpc_message.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "common/http/url.h"

namespace signpost::registry {
namespace {

constexpr uint64_t kServing = 1;

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7f) | 0x80));
  out.push_back(static_cast<char>(value));
}

std::optional<uint64_t> TakeVarint(std::string_view& in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

bool SkipBytes(std::string_view& in, uint64_t count) {
  if (count > in.size()) return false;
  in.remove_prefix(count);
  return true;
}

// Passes over a field of another number or type (protobuf wire types 0, 1, 2, 5).
bool SkipField(std::string_view& in, uint64_t wire_type) {
  switch (wire_type) {
    case 0:
      return TakeVarint(in).has_value();
    case 1:
      return SkipBytes(in, 8);
    case 2: {
      const std::optional<uint64_t> length = TakeVarint(in);
      return length && SkipBytes(in, *length);
    }
    case 5:
      return SkipBytes(in, 4);
    default:
      return false;
  }
}

std::string_view CodeName(std::string_view code) {
  static constexpr std::array<std::string_view, 17> kNames = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  size_t number = 0;
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
  const bool known = error == std::errc() && end == code.data() + code.size() && number < kNames.size();
  return known ? kNames[number] : "Unknown";
}

Outcome Failed(std::string text) { return {CheckStatus::kCritical, std::move(text)}; }

}  // namespace

GrpcTarget ParseGrpcTarget(std::string_view target) {
  const size_t slash = target.find('/');
  if (slash == std::string_view::npos) return {.address = target, .service = {}};
  return {.address = target.substr(0, slash), .service = target.substr(slash + 1)};
}

std::string EncodeHealthRequest(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    message.push_back(0x0a);  // field 1, length-delimited
    AppendVarint(message, service.size());
    message.append(service);
  }
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(message.size() >> shift & 0xff));
  return frame + message;
}

std::optional<uint64_t> DecodeHealthStatus(std::string_view body) {
  if (body.size() < 5 || body[0] != 0) return std::nullopt;
  uint64_t length = 0;
  for (size_t i = 1; i < 5; ++i) length = length << 8 | static_cast<uint8_t>(body[i]);
  if (length != body.size() - 5) return std::nullopt;
  std::string_view message = body.substr(5);
  uint64_t status = 0;  // a field that is missing has its default
  while (!message.empty()) {
    const std::optional<uint64_t> tag = TakeVarint(message);
    if (!tag) return std::nullopt;
    if (*tag == (1U << 3)) {
      const std::optional<uint64_t> value = TakeVarint(message);
      if (!value) return std::nullopt;
      status = *value;
    } else if (!SkipField(message, *tag & 7)) {
      return std::nullopt;
    }
  }
  return status;
}

std::string RpcError(std::string_view code, std::string_view text) {
  return "rpc error: code = " + std::string(code) + " desc = " + std::string(text);
}

Outcome JudgeGrpcReply(const GrpcReply& reply, std::string_view target) {
  if (!reply.http2) return Failed(RpcError("Unavailable", "connection closed"));
  if (reply.http_status != 200) {
    const std::string code = std::to_string(reply.http_status);
    return Failed(RpcError("Unknown", "unexpected HTTP status code received from server: " + code));
  }
  if (!reply.content_type.starts_with("application/grpc")) {
    const std::string type(reply.content_type);
    return Failed(RpcError("Unknown", "unexpected content-type \"" + type + "\""));
  }
  if (reply.grpc_status.empty()) return Failed(RpcError("Internal", "server closed the stream without trailers"));
  if (reply.grpc_status != "0") {
    const std::string text = http::PercentDecode(reply.grpc_message).value_or(std::string(reply.grpc_message));
    return Failed(RpcError(CodeName(reply.grpc_status), text));
  }
  const std::optional<uint64_t> status = DecodeHealthStatus(reply.body);
  if (!status) return Failed(RpcError("Internal", "malformed health reply"));
  if (*status != kServing) return Failed("gRPC application didn't report service healthy");
  return {CheckStatus::kPassing, "gRPC check " + std::string(target) + ": success"};
}

}  // namespace signpost::registry
