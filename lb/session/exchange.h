// Signpost. Apache-2.0; see LICENSE.
// One request and its answer: where it goes, tries, both bodies, and how it ends. Taken from the worker's ExchangePool
// for as long as a request lasts, so that an idle connection owns none of this.
//
//   kChoosing -> kConnecting -> kSending -> kWaiting -> kRelaying -> kFlushing -> kFree
//      ^   \______ idle one _____^  |          |            |            ^
//      |______ another attempt _____|__________|            |            |
//                                              |__ 101 __ kTunnel        |
//   an answer of our own goes from anywhere before kRelaying to kFlushing
//
// A request's body may go on through kSending, kWaiting and kRelaying. Functions that return false have ended this
// exchange or begun another attempt: their caller returns at once and touches nothing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/reactor.h"
#include "common/net/stream_socket.h"
#include "lb/http/body.h"
#include "lb/http/request_head.h"
#include "lb/http/response_head.h"
#include "lb/relay/relay.h"
#include "lb/session/access_record.h"
#include "lb/session/pending_bytes.h"
#include "lb/session/request_buffer.h"
#include "lb/session/request_keys.h"
#include "lb/session/session_context.h"
#include "lb/upstream/idle_pool.h"
#include "lb/upstream/retry.h"
#include "lb/upstream/wait_queue.h"

namespace signpost::lb {

// What becomes of the client's connection.
enum class ExchangeEnd : unsigned char {
  kKeepAlive,
  kDone,   // FIN: the client said that this was its last request, and sent all of it
  kClose,  // FIN, and what still comes is thrown away for a while, so that the answer arrives
  kAbort,  // RST: the client must not take what it has for complete
  kGone,   // the client left, or the socket was given to a tunnel
};

// The client's connection, as its exchange sees it.
class ExchangeOwner {
 public:
  // Bytes that came behind the request, to be copied. At most once per exchange.
  virtual void KeepRest(std::string_view bytes) = 0;
  // For a tunnel: those bytes, and the socket.
  virtual std::string TakeRest() = 0;
  virtual std::unique_ptr<net::StreamSocket> GiveSocket() = 0;
  // The last call of an exchange. It may be given back to its pool, or destroyed, during it.
  virtual void OnExchangeEnd(ExchangeEnd end) = 0;

 protected:
  ~ExchangeOwner() = default;
};

struct ExchangeClient {
  ExchangeOwner* owner = nullptr;
  net::StreamSocket* socket = nullptr;  // outlives the exchange unless given away
  net::SocketAddress peer;              // by the PROXY header where there is one
  net::SocketAddress destination;       // the same; empty = the socket tells
  uint16_t port = 0;                    // that it came to
  bool last_request = false;            // the connection has served as many as it may
};

class Exchange final : private net::SocketOwner, private net::DeadlineOwner, private Waiter, private Relay::Owner {
 public:
  explicit Exchange(SessionContext& context);
  ~Exchange() override;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // A string whose bytes `head` and `rest` of Begin may be views of.
  std::string& held() { return held_; }
  // `head` is complete, `rest` is what came behind it. May end the exchange before it returns.
  void Begin(const ExchangeClient& client, std::string_view head, std::string_view rest);
  // The same for bytes that are no request: answers with `status` and closes.
  void Refuse(const ExchangeClient& client, int status);

  // The client's socket is ready.
  void OnClientReady();
  void OnEndpointsRemoved();
  // Ends it without OnExchangeEnd.
  void Kill(Termination termination);
  // Nothing under way: gives large memory back, before it waits in its pool.
  void Release();

 private:
  enum class Phase : unsigned char { kFree, kChoosing, kConnecting, kSending, kWaiting, kRelaying, kFlushing, kTunnel };

  void OnReady(net::StreamSocket& socket) override;
  void OnDeadline(net::Deadline& deadline) override;
  bool TryAgain() override;
  void OnQueueTimeout() override;
  void OnRelayEnd(RelayEnd end) override;

  // exchange.cc: beginning and end
  void Reset(const ExchangeClient& client);
  bool TakeFirstBody(std::string_view rest);
  void Route(const RequestHead& request);
  void WriteHead(const RequestHead& request, const HttpRoute& route);
  void WriteProxyHeader();
  void RememberForLog(const RequestHead& request);
  void Answer(int status, Termination termination, std::string_view location = {}, std::string_view why = {});
  bool MayKeepAlive() const;
  ExchangeEnd EndAfter(bool keep_alive) const;
  void Finish(ExchangeEnd end);
  void Account();
  void WriteRecord(Nanos duration);
  Millis NowMillis() const;

  // exchange_attempt.cc: endpoints, one after the other
  void Choose();
  Balancer* FindBalancer();
  // Waiters in `lines` are not overtaken.
  Pick Ask(Balancer& balancer, std::span<const int> lines = {});
  void Enqueue();
  void TakePick(Pick pick);
  bool AsksForUnknownVersion() const;
  void Connect(bool fresh);
  bool FinishConnect();
  void AttemptFailed(AttemptFailure failure);
  bool RetryStatus(int status);
  AttemptFacts Facts(AttemptFailure failure) const;
  RetryStep Affordable(RetryStep step);
  void Retry(RetryStep step, Outcome outcome);
  void BeginAgain();
  void GoElsewhere(Outcome outcome);
  void LeaveEndpoint(Outcome outcome);
  void DropUpstream();
  void OnUpstreamDeadline();
  void OnDrainDeadline();

  // exchange_request.cc: the request's bytes, to the endpoint
  bool PumpRequest();
  bool SendRequest();
  void RequestProgressed(bool moved);
  bool ReadBody();
  bool TakeBody(std::string_view in);
  bool ForwardBody();
  bool SendDirect(std::string_view frame);
  bool UploadBroken();
  bool BadBody();
  // Whether upstream_deadline_ is about the next bytes of the answer.
  bool WaitsForAnswer() const { return phase_ == Phase::kWaiting || phase_ == Phase::kRelaying; }
  bool RequestSent() const { return request_read_ && buffer_.unsent().empty(); }
  void CheckClient();
  void ClientGone();
  void BeginBodyPeriod();
  void OnBodyDeadline();

  // exchange_answer.cc: the answer's bytes, to the client
  bool ReadAnswer();
  bool TakeAnswerHead(std::string_view in);
  bool TakeInterim(const ResponseHead& head);
  bool BeginAnswer(const ResponseHead& head, std::string_view rest);
  std::string_view ExtraFields();
  bool RelayBody(std::string_view in);
  bool SendPieces(bool done);
  bool AnswerComplete();
  bool UpstreamEnded(net::Io kind);
  bool Truncated(Termination termination);
  bool Flush();
  void WaitForClient(bool moved);

  // exchange_tunnel.cc: after a 101
  bool BeginTunnel(const ResponseHead& head, std::string_view rest);
  void CountTunnel();

  SessionContext& context_;
  ExchangeClient client_;
  std::shared_ptr<const SessionRules> rules_;

  Phase phase_ = Phase::kFree;
  bool http10_ = false;
  bool keep_alive_ = false;  // the client wants to go on
  bool head_request_ = false;
  bool trailers_wanted_ = false;
  bool upgrade_ = false;
  bool expect_ = false;        // the client waits for a 100 before its body
  bool request_read_ = false;  // all of the request has come
  bool request_chunked_ = false;
  bool body_blocked_ = false;   // the endpoint was the slow one in this period of the body's rate
  bool upload_broken_ = false;  // the endpoint takes no more of the request
  bool pooled_ = false;         // this attempt's connection was idle before
  bool stale_used_ = false;
  bool answer_begun_ = false;  // the client has got bytes, be they of a 1xx
  bool reusable_ = false;      // the endpoint's connection, by the heads of its answer so far
  bool set_sticky_ = false;
  bool record_ = false;
  Outcome outcome_ = Outcome::kSuccess;  // of a complete answer
  Termination termination_ = Termination::kOk;
  Termination failed_as_ = Termination::kOk;  // the last attempt
  int failed_status_ = 0;
  ExchangeEnd end_ = ExchangeEnd::kClose;
  Framing client_framing_ = Framing::kNone;

  std::string method_;
  uint32_t slot_ = 0;
  std::shared_ptr<const Pool> pool_;  // of the present attempt
  RequestKeys keys_;
  std::string version_;  // what keys_.version views
  EndpointUse use_;
  uint64_t sticky_ = 0;  // of the endpoint
  uint8_t version_index_ = 0;
  std::optional<Wait> wait_;  // of the present attempt
  std::vector<const Endpoint*> tried_;
  uint32_t attempt_ = 0;
  uint32_t interims_ = 0;                        // 1xx of this attempt
  ProxyHeader send_proxy_ = ProxyHeader::kNone;  // what stands before the head
  std::unique_ptr<UpstreamConnection> upstream_;

  RequestBuffer buffer_;
  BodyDecoder request_body_;
  std::string answer_head_;  // the beginning of a head that came in pieces
  HeadScanner answer_scanner_;
  BodyDecoder answer_body_;
  std::string out_;       // the head for the client, until it goes with the first piece of body
  PendingBytes pending_;  // what the client did not take
  std::string held_;
  std::unique_ptr<Relay> relay_;

  net::Deadline upstream_deadline_{*this};
  net::Deadline body_deadline_{*this};
  net::Deadline write_deadline_{*this};
  net::Deadline drain_deadline_{*this};
  Millis drained_since_{0};  // the removal that armed it

  uint64_t body_received_ = 0;
  uint64_t body_counted_ = 0;  // of it, at the beginning of this period of the body's rate
  uint64_t bytes_sent_ = 0;
  uint64_t from_endpoint_ = 0;
  uint64_t to_endpoint_ = 0;
  int status_ = 0;
  Nanos began_{0};
  Nanos attempt_began_{0};
  Nanos sent_at_{0};
  Nanos connect_took_{-1};
  Nanos upstream_took_{-1};
  struct {
    std::string method, target, host, user_agent, referer, protocol, request_id, service, endpoint, version;
  } log_;
};

}  // namespace signpost::lb
