// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/explain.h"

#include <cstdio>
#include <string>
#include <utility>

#include "common/dns/message_text.h"
#include "dnsd/query/explain.h"
#include "dnsd/wire/type_name.h"

namespace signpost::dnsd {
namespace {

http::ServerResponse Text(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::move(body)};
}

std::string Milliseconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", ms);
  return text;
}

std::string UpstreamLine(const resolver::UpstreamStatus& upstream) {
  std::string line = "  upstream " + upstream.address.ToString() + ": ";
  if (upstream.loop) {
    line += "leads back to this dnsd, not used";
  } else {
    line += upstream.up ? "up" : "down (" + upstream.trouble + ")";
  }
  if (upstream.srtt_ms > 0) line += ", " + Milliseconds(upstream.srtt_ms);
  if (!upstream.edns) line += ", without EDNS";
  return line + ", " + std::to_string(upstream.sent) + " sent, " + std::to_string(upstream.answered) + " answered, " +
         std::to_string(upstream.timed_out) + " timed out, " + std::to_string(upstream.failed) + " failed";
}

// The loops' clocks are of their last turns: one may be behind what another has written down.
uint64_t Passed(uint64_t since_ms, uint64_t now_ms) { return now_ms > since_ms ? now_ms - since_ms : 0; }

std::string CacheLine(const resolver::Answer& answer, uint64_t now_ms) {
  const std::string age = std::to_string(Passed(answer.received_ms, now_ms) / 1000) + " s old, ";
  const std::string line = "cache: " + std::string(answer.failure ? "failure, " : "answer, ") + age;
  const uint64_t left_ms = Passed(now_ms, answer.expires_ms);
  if (left_ms > 0) return line + "for " + std::to_string((left_ms + 999) / 1000) + " s more";
  return line + "past its end by " + std::to_string(Passed(answer.expires_ms, now_ms) / 1000) + " s";
}

std::string ForwardedText(const resolver::Explanation& known, uint64_t now_ms) {
  std::string text = "route: " + (known.route.empty() ? "none any more" : known.route) + "\n";
  for (const auto& upstream : known.upstreams) text += UpstreamLine(upstream) + "\n";
  text += (known.answer ? CacheLine(*known.answer, now_ms) : "cache: nothing") + "\n";
  if (known.in_flight) text += "being asked right now\n";
  return text;
}

std::string PageOf(const wire::Name& name, uint16_t type, const query::Explained& explained) {
  std::string text = name.ToString() + " " + wire::TypeText(type) + "\n";
  for (const std::string& line : explained.lines) text += line + "\n";
  return text;
}

std::string AnswerText(const query::Explained& explained) {
  if (explained.message.empty()) return "answer: not known yet, a question waits for it\n";
  std::string text = "answer: " + std::string(query::RcodeName(static_cast<size_t>(explained.rcode))) + "\n";
  for (const std::string& record : dns::RecordTexts(explained.message)) text += "  " + record + "\n";
  return text;
}

// Takes a page to the control thread, where alone the responder is used and destroyed.
class Sender {
 public:
  Sender(net::Loop& loop, std::unique_ptr<http::Responder> responder)
      : loop_(&loop), responder_(std::make_shared<std::unique_ptr<http::Responder>>(std::move(responder))) {}

  void Send(std::string text) const {
    loop_->Post([responder = responder_, text = std::move(text)] {
      const auto taken = std::move(*responder);
      taken->Send(Text(200, text));
    });
  }

 private:
  net::Loop* loop_;
  std::shared_ptr<std::unique_ptr<http::Responder>> responder_;  // tasks must be copyable
};

// A chain may come to an upstream more than once.
constexpr size_t kMaxPieces = 4;

// One request on its way: to the first worker, to the resolver if that knows more, and back to the worker with an
// answer that the worker's own cache does not have; again if that leads to another one.
struct Inquiry {
  Worker* worker;
  resolver::Resolver* resolver;
  Sender sender;
  wire::Name name;
  uint16_t type;
  uint64_t since_ms = 0;
  size_t pieces = 0;  // that the resolver was asked about
  std::string known;  // what it said
};

void AskResolver(Inquiry inquiry, const query::Explained& explained, uint64_t now_ms);

void Finish(const Inquiry& inquiry, const query::Explained& explained) {
  inquiry.sender.Send(PageOf(inquiry.name, inquiry.type, explained) + inquiry.known + AnswerText(explained));
}

void ShowAnswer(const Inquiry& inquiry, const resolver::Settled& settled) {
  inquiry.worker->Inspect([inquiry, settled](query::Handler& handler, service_zone::ZoneData& data, uint64_t now_ms) {
    query::Forwarded& forwarded = handler.sources().forwarded();
    forwarded.Arrive(settled);
    const auto explained =
        query::ExplainName(handler.sources(), data, inquiry.name, inquiry.type, now_ms, inquiry.since_ms);
    forwarded.Leave();
    const bool leads_on = explained.message.empty() && explained.forwarded;
    if (leads_on && inquiry.pieces < kMaxPieces) return AskResolver(inquiry, explained, now_ms);
    Finish(inquiry, explained);
  });
}

void AskResolver(Inquiry inquiry, const query::Explained& explained, uint64_t now_ms) {
  ++inquiry.pieces;
  const auto show = [inquiry, explained, now_ms](const resolver::Explanation& known) {
    Inquiry further = inquiry;
    further.known += ForwardedText(known, now_ms);
    const bool helps = explained.message.empty() && known.answer && known.answer->expires_ms > now_ms;
    if (!helps) return Finish(further, explained);
    ShowAnswer(further, {.question = *explained.forwarded, .answer = known.answer});
  };
  inquiry.resolver->Explain(*explained.forwarded, show);
}

}  // namespace

void Explain(const OperationsView& view, const http::ServerRequest& request, net::Loop& loop,
             std::unique_ptr<http::Responder> responder) {
  const std::string text = request.Param("name").value_or("");
  const auto name = wire::Name::FromText(text);
  const auto type = wire::TypeFromText(request.Param("type").value_or("A"));
  if (text.empty() || !name.ok() || !type) {
    return responder->Send(Text(400, "ask as in /explain?name=web.service.consul&type=A\n"));
  }
  Inquiry inquiry{view.workers.front().get(), view.forwarding.resolver(), Sender(loop, std::move(responder)),
                  name.value(), *type};
  inquiry.worker->Inspect([inquiry](query::Handler& handler, service_zone::ZoneData& data, uint64_t now_ms) mutable {
    inquiry.since_ms = now_ms;
    const auto explained = query::ExplainName(handler.sources(), data, inquiry.name, inquiry.type, now_ms);
    if (explained.forwarded) return AskResolver(inquiry, explained, now_ms);
    Finish(inquiry, explained);
  });
}

void Flush(const OperationsView& view, const http::ServerRequest& request, net::Loop& loop,
           std::unique_ptr<http::Responder> responder) {
  if (request.method != "POST") {
    http::ServerResponse response = Text(405, "POST it\n");
    response.headers.emplace_back("Allow", "POST");
    return responder->Send(std::move(response));
  }
  if (!request.peer.is_loopback()) return responder->Send(Text(403, "from this host only\n"));
  const std::string text = request.Param("name").value_or("");
  const auto name = wire::Name::FromText(text.empty() ? "." : text);
  if (!name.ok()) return responder->Send(Text(400, "name is no domain name\n"));
  const std::string tree = request.Param("tree").value_or("false");
  view.forwarding.Flush(name.value(), text.empty() || (tree != "false" && tree != "0"),
                        [sender = Sender(loop, std::move(responder)), all = text.empty()] {
                          sender.Send(all ? "all forgotten\n" : "forgotten\n");
                        });
}

}  // namespace signpost::dnsd
