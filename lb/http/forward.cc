// Signpost. Apache-2.0; see LICENSE.
#include "lb/http/forward.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "lb/http/syntax.h"

namespace signpost::lb {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void AddLine(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append(kLineEnd);
}

void AddNumber(std::string& out, uint64_t number) {
  std::array<char, 20> text{};
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

void AddNumberLine(std::string& out, std::string_view name, uint64_t number) {
  out.append(name).append(": ");
  AddNumber(out, number);
  out.append(kLineEnd);
}

// "NAME: a, b" from all fields of that kind; the line stays open for one more element, which the caller adds.
void BeginList(std::string& out, const Fields& fields, KnownField known, std::string_view name) {
  out.append(name).append(": ");
  for (const Field& field : fields) {
    if (field.known == known && !field.value.empty()) out.append(field.value).append(", ");
  }
}

void AddVia(std::string& out, const Fields& fields, bool http10, std::string_view pseudonym) {
  BeginList(out, fields, KnownField::kVia, "Via");
  out.append(http10 ? "1.0 " : "1.1 ").append(pseudonym).append(kLineEnd);
}

// The last address that a chain of proxies noted: who came to the one that we trust.
std::string_view LastForwardedFor(const Fields& fields) {
  std::string_view last;
  for (const Field& field : fields) {
    if (field.known != KnownField::kXForwardedFor) continue;
    const std::string_view element = Trim(field.value.substr(field.value.rfind(',') + 1));
    if (!element.empty()) last = element;
  }
  return last;
}

class RequestWriter {
 public:
  RequestWriter(const RequestHead& request, const RequestForwarding& forwarding, std::string& out)
      : request_(request), forwarding_(forwarding), out_(out) {}

  void Write() {
    WriteLine();
    // HTTP/1.0 may come without Host; 1.1 must not go without (RFC 9112 3.2).
    if (!FindKnown(KnownField::kHost)) WriteHost("Host");
    for (const Field& field : request_.fields) WriteField(field);
    if (request_.te_trailers) AddLine(out_, "TE", "trailers");
    WriteConnection();
    WriteIdentity();
    out_ += kLineEnd;
  }

 private:
  bool FindKnown(KnownField known) const {
    return std::ranges::find(request_.fields, known, &Field::known) != request_.fields.end();
  }

  void WriteLine() {
    const std::string_view path = forwarding_.path.empty() ? request_.path : forwarding_.path;
    out_.append(request_.method).append(path.starts_with('?') ? " /" : " ").append(path).append(" HTTP/1.1\r\n");
  }

  void WriteHost(std::string_view name) {
    AddLine(out_, name, forwarding_.host.empty() ? request_.host : forwarding_.host);
  }

  void WriteField(const Field& field) {
    switch (field.known) {
      case KnownField::kOther:
        if (ContainsName(request_.connection_names, field.name)) return;
        return AddLine(out_, field.name, field.value);
      case KnownField::kHost:
        return WriteHost(field.name);
      case KnownField::kContentLength:
        return AddNumberLine(out_, field.name, request_.content_length);
      case KnownField::kTransferEncoding:
        return AddLine(out_, field.name, "chunked");
      case KnownField::kMaxForwards:
        return WriteMaxForwards(field);
      case KnownField::kTrailer:
        if (request_.framing == Framing::kChunked) AddLine(out_, field.name, field.value);
        return;
      case KnownField::kExpect:
        return WriteExpect(field);
      case KnownField::kUpgrade:
        if (forwarding_.upgrade && request_.upgrade) AddLine(out_, field.name, field.value);
        return;
      case KnownField::kXForwardedHost:
      case KnownField::kXForwardedPort:
      case KnownField::kXForwardedProto:
      case KnownField::kXRealIp:
        if (forwarding_.trusted) AddLine(out_, field.name, field.value);
        return;
      case KnownField::kForwarded:
        if (forwarding_.trusted && !forwarding_.forwarded) AddLine(out_, field.name, field.value);
        return;
      case KnownField::kVia:
        if (forwarding_.via.empty()) AddLine(out_, field.name, field.value);
        return;
      case KnownField::kXRequestId:
        if (!request_id_written_ && IsRequestId(field.value)) {
          request_id_written_ = true;
          AddLine(out_, field.name, field.value);
        }
        return;
      case KnownField::kConnection:
      case KnownField::kHopByHop:
      case KnownField::kProxy:  // CGI programs would read it as HTTP_PROXY (case H103)
      case KnownField::kTe:
      case KnownField::kXForwardedFor:
        return;
    }
  }

  // Expectations that nobody knows go on as they are (case H91); an HTTP/1.0 client has none (case H90).
  void WriteExpect(const Field& field) {
    const bool known = SameName(field.value, "100-continue");
    if (known ? request_.expect_continue : !request_.http10) AddLine(out_, field.name, field.value);
  }

  // Counted down where it means something (RFC 9110 7.6.2).
  void WriteMaxForwards(const Field& field) {
    uint64_t hops = 0;
    const bool counts = request_.method == "OPTIONS" || request_.method == "TRACE";
    if (!counts || !ParseLength(field.value, hops) || hops == 0) return AddLine(out_, field.name, field.value);
    AddNumberLine(out_, field.name, hops - 1);
  }

  void WriteConnection() {
    const bool upgrade = forwarding_.upgrade && request_.upgrade;
    if (upgrade) AddLine(out_, "Connection", request_.te_trailers ? "Upgrade, TE" : "Upgrade");
    if (!upgrade && request_.te_trailers) AddLine(out_, "Connection", "TE");
  }

  // Who asked, and for what: as a proxy that we trust tells it, else as seen here.
  void WriteIdentity() {
    const bool trusted = forwarding_.trusted;
    static constexpr std::string_view kFor = "X-Forwarded-For";
    if (trusted) {
      BeginList(out_, request_.fields, KnownField::kXForwardedFor, kFor);
      out_.append(forwarding_.client).append(kLineEnd);
    } else {
      AddLine(out_, kFor, forwarding_.client);
    }
    if (!trusted || !FindKnown(KnownField::kXForwardedProto)) AddLine(out_, "X-Forwarded-Proto", "http");
    if ((!trusted || !FindKnown(KnownField::kXForwardedHost)) && !request_.host.empty()) {
      AddLine(out_, "X-Forwarded-Host", request_.host);
    }
    if (!trusted || !FindKnown(KnownField::kXForwardedPort)) {
      AddNumberLine(out_, "X-Forwarded-Port", forwarding_.port);
    }
    if (!trusted || !FindKnown(KnownField::kXRealIp)) {
      const std::string_view last = trusted ? LastForwardedFor(request_.fields) : std::string_view();
      AddLine(out_, "X-Real-IP", last.empty() ? forwarding_.client : last);
    }
    if (forwarding_.forwarded) WriteForwarded();
    if (!forwarding_.via.empty()) AddVia(out_, request_.fields, request_.http10, forwarding_.via);
    if (!request_id_written_ && !forwarding_.request_id.empty()) {
      AddLine(out_, "X-Request-Id", forwarding_.request_id);
    }
  }

  // RFC 7239 4: IPv6 addresses and hosts with a port are no tokens and stand in quotes.
  void WriteForwarded() {
    static constexpr std::string_view kName = "Forwarded";
    if (forwarding_.trusted) {
      BeginList(out_, request_.fields, KnownField::kForwarded, kName);
    } else {
      out_.append(kName).append(": ");
    }
    const bool v6 = forwarding_.client.find(':') != std::string_view::npos;
    out_.append(v6 ? "for=\"[" : "for=").append(forwarding_.client).append(v6 ? "]\"" : "");
    if (!request_.host.empty()) {
      const std::string_view quote = IsToken(request_.host) ? "" : "\"";
      out_.append(";host=").append(quote).append(request_.host).append(quote);
    }
    out_.append(";proto=http\r\n");
  }

  const RequestHead& request_;
  const RequestForwarding& forwarding_;
  std::string& out_;
  bool request_id_written_ = false;
};

// 426 says to which protocols, and must (RFC 9110 15.5.22).
bool KeepsUpgrade(const ResponseHead& response, const ResponseForwarding& forwarding) {
  return (forwarding.upgrade && response.status == 101) || response.status == 426;
}

void WriteResponseField(const ResponseHead& response, const ResponseForwarding& forwarding, const Field& field,
                        std::string& out) {
  switch (field.known) {
    case KnownField::kConnection:
    case KnownField::kContentLength:
    case KnownField::kHopByHop:
    case KnownField::kTe:
    case KnownField::kTransferEncoding:
      return;
    case KnownField::kTrailer:
      if (forwarding.trailers && forwarding.framing == Framing::kChunked) AddLine(out, field.name, field.value);
      return;
    case KnownField::kUpgrade:
      if (KeepsUpgrade(response, forwarding)) AddLine(out, field.name, field.value);
      return;
    case KnownField::kVia:
      if (forwarding.via.empty()) AddLine(out, field.name, field.value);
      return;
    default:
      if (ContainsName(response.connection_names, field.name)) return;
      AddLine(out, field.name, field.value);
  }
}

void WriteResponseConnection(const ResponseHead& response, const ResponseForwarding& forwarding, std::string& out) {
  const bool upgrade = KeepsUpgrade(response, forwarding);
  if (response.status < 200) {
    if (upgrade) AddLine(out, "Connection", "Upgrade");
    return;
  }
  if (!forwarding.keep_alive || forwarding.framing == Framing::kUntilClose) {
    AddLine(out, "Connection", upgrade ? "Upgrade, close" : "close");
  } else if (forwarding.http10_client) {
    AddLine(out, "Connection", "keep-alive");
  } else if (upgrade) {
    AddLine(out, "Connection", "Upgrade");
  }
}

}  // namespace

void WriteRequestHead(const RequestHead& request, const RequestForwarding& forwarding, std::string& out) {
  RequestWriter(request, forwarding, out).Write();
}

Framing ClientFraming(const ResponseHead& response, bool http10_client) {
  if (response.framing == Framing::kNone || response.framing == Framing::kLength) return response.framing;
  return http10_client ? Framing::kUntilClose : Framing::kChunked;
}

void WriteResponseHead(const ResponseHead& response, const ResponseForwarding& forwarding, std::string& out) {
  out += "HTTP/1.1 ";
  AddNumber(out, static_cast<uint64_t>(response.status));
  out.append(" ").append(response.reason).append(kLineEnd);
  bool length =
      response.has_content_length && (forwarding.framing == Framing::kNone || forwarding.framing == Framing::kLength);
  for (const Field& field : response.fields) {
    if (field.known == KnownField::kContentLength && length) {
      AddNumberLine(out, field.name, response.content_length);
      length = false;
    } else {
      WriteResponseField(response, forwarding, field, out);
    }
  }
  if (forwarding.framing == Framing::kChunked) AddLine(out, "Transfer-Encoding", "chunked");
  WriteResponseConnection(response, forwarding, out);
  if (!forwarding.via.empty()) AddVia(out, response.fields, response.http10, forwarding.via);
  out.append(response.status < 200 ? std::string_view() : forwarding.set_cookies).append(kLineEnd);
}

bool IsRequestId(std::string_view id) { return id.size() <= 128 && IsToken(id); }

}  // namespace signpost::lb
