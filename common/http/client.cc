// Signpost. Apache-2.0; see LICENSE.
#include "common/http/client.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>

#include "common/http/ca_folder.h"
#include "common/http/curl_multi.h"
#include "common/http/text.h"
#include "common/http/transfer.h"

namespace signpost::http {

std::string_view Response::Header(std::string_view name) const { return FindHeader(headers, name); }

std::string_view Response::Trailer(std::string_view name) const { return FindHeader(trailers, name); }

namespace {

// Or empty. It becomes a part of the URL, so nothing that means something there may be in it.
bool IsHostName(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

// Line ends would let a value write further headers, or a second request.
Status CheckRequest(const Request& request) {
  const auto clean = [](std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  };
  bool ok = !request.method.empty() && clean(request.method) && clean(request.url);
  for (const auto& [name, value] : request.headers) ok = ok && !name.empty() && clean(name) && clean(value);
  if (!ok) return Status::Invalid("the request's method, URL or a header holds a line end");
  if (!IsHostName(request.tls_server_name)) return Status::Invalid("the request's TLS server name is no host name");
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    return Status::Invalid("the request's URL does not start with http:// or https://");
  }
  return Status::Ok();
}

ClientOptions WithCaFolder(ClientOptions options) {
  TlsFiles& tls = options.tls;
  if (tls.ca_file.empty() && !tls.ca_path.empty()) tls.ca_pem += ReadCaFolder(tls.ca_path);
  return options;
}

}  // namespace

struct Client::Call::Impl : Exchange {
  OnDone on_done;
  Client::Impl* client = nullptr;  // until finished or cancelled
  Transfer* transfer = nullptr;    // while libcurl has it
};

struct Client::Impl : std::enable_shared_from_this<Impl> {
  using CallPtr = std::shared_ptr<Call::Impl>;

  Impl(net::Loop& owner, ClientOptions client_options)
      : loop(owner),
        options(WithCaFolder(std::move(client_options))),
        multi(
            owner, options.max_connections, [this](CURL* easy, CURLcode code) { Complete(Transfer::Of(easy), code); },
            [this] { Settle(); }) {}
  ~Impl();

  std::unique_ptr<Call> Send(Request request, OnHead on_head, OnBody on_body, OnDone on_done);
  void StartQueued();
  void Start(CallPtr call);
  void Complete(Transfer& transfer, CURLcode code);
  void Cancel(Call::Impl& call);
  void Settle();
  CallPtr Release(Transfer& transfer);
  // The client is gone: forgets all calls, without a word.
  void Abandon();

  net::Loop& loop;
  const ClientOptions options;
  CurlMulti multi;
  std::vector<std::unique_ptr<Transfer>> idle;
  // Transfers that libcurl has, with the calls they serve.
  struct Active {
    std::unique_ptr<Transfer> transfer;
    CallPtr call;
  };
  std::unordered_map<Transfer*, Active> active;
  std::deque<CallPtr> queue;
  std::vector<Transfer*> doomed;  // cancelled inside one of libcurl's callbacks
};

std::unique_ptr<Client::Call> Client::Impl::Send(Request request, OnHead on_head, OnBody on_body, OnDone on_done) {
  loop.AssertInLoop();
  auto call = std::make_shared<Call::Impl>();
  call->request = std::move(request);
  call->on_head = std::move(on_head);
  call->on_body = std::move(on_body);
  call->on_done = std::move(on_done);
  call->client = this;
  if (Status status = CheckRequest(call->request); !status.ok()) {
    loop.Post([weak = std::weak_ptr(call), status = std::move(status)] {
      const CallPtr bad = weak.lock();
      if (bad && bad->client != nullptr) {
        bad->client = nullptr;
        const OnDone done = std::move(bad->on_done);
        done(status);
      }
    });
  } else {
    queue.push_back(call);
    if (!multi.busy()) StartQueued();
  }
  return std::make_unique<Call>(std::move(call));
}

void Client::Impl::StartQueued() {
  while (!queue.empty() && active.size() < static_cast<size_t>(options.max_connections)) {
    CallPtr call = std::move(queue.front());
    queue.pop_front();
    if (!call->cancelled) Start(std::move(call));
  }
}

void Client::Impl::Start(CallPtr call) {
  std::unique_ptr<Transfer> transfer;
  if (idle.empty()) {
    transfer = std::make_unique<Transfer>(options);
    multi.Adopt(transfer->easy());
  } else {
    transfer = std::move(idle.back());
    idle.pop_back();
  }
  Transfer* const key = transfer.get();
  call->transfer = key;
  key->Begin(*call);
  active.emplace(key, Active{std::move(transfer), std::move(call)});
  multi.Add(key->easy());
}

Client::Impl::CallPtr Client::Impl::Release(Transfer& transfer) {
  auto node = active.extract(&transfer);
  CallPtr call = std::move(node.mapped().call);
  call->transfer = nullptr;
  call->client = nullptr;
  transfer.Abandon();
  idle.push_back(std::move(node.mapped().transfer));
  return call;
}

void Client::Impl::Complete(Transfer& transfer, CURLcode code) {
  std::erase(doomed, &transfer);
  if (active.find(&transfer)->second.call->cancelled) {
    const CallPtr last = Release(transfer);
    return;
  }
  Result<Response> result = transfer.Finish(code);
  const CallPtr call = Release(transfer);
  const OnDone done = std::move(call->on_done);
  done(std::move(result));
}

void Client::Impl::Cancel(Call::Impl& call) {
  call.cancelled = true;
  call.client = nullptr;
  if (call.transfer == nullptr) {
    call.on_done = nullptr;
    call.on_head = nullptr;
    call.on_body = nullptr;
  } else if (multi.busy()) {
    doomed.push_back(call.transfer);
  } else {
    Transfer& transfer = *call.transfer;
    multi.Remove(transfer.easy());
    const CallPtr last = Release(transfer);
    StartQueued();
  }
}

// Does what could not be done inside libcurl's callbacks.
void Client::Impl::Settle() {
  for (Transfer* const transfer : std::exchange(doomed, {})) {
    multi.Remove(transfer->easy());
    const CallPtr last = Release(*transfer);
  }
  StartQueued();
}

void Client::Impl::Abandon() {
  multi.Disable(shared_from_this());
  for (const CallPtr& call : std::exchange(queue, {})) call->client = nullptr;
  for (auto& [key, entry] : active) {
    entry.call->cancelled = true;
    entry.call->client = nullptr;
  }
}

Client::Impl::~Impl() {
  while (!active.empty()) {
    Transfer& transfer = *active.begin()->first;
    multi.Remove(transfer.easy());
    const CallPtr last = Release(transfer);
  }
}

Client::Call::Call(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Client::Call::~Call() {
  if (impl_->client != nullptr) impl_->client->Cancel(*impl_);
}

Client::Client(net::Loop& loop, ClientOptions options) : impl_(std::make_shared<Impl>(loop, std::move(options))) {}

Client::~Client() { impl_->Abandon(); }

std::unique_ptr<Client::Call> Client::Send(Request request, OnDone on_done) {
  return impl_->Send(std::move(request), nullptr, nullptr, std::move(on_done));
}

std::unique_ptr<Client::Call> Client::Stream(Request request, OnBody on_body, OnDone on_done) {
  return impl_->Send(std::move(request), nullptr, std::move(on_body), std::move(on_done));
}

std::unique_ptr<Client::Call> Client::Stream(Request request, OnHead on_head, OnBody on_body, OnDone on_done) {
  return impl_->Send(std::move(request), std::move(on_head), std::move(on_body), std::move(on_done));
}

size_t Client::connections() const { return impl_->multi.connections(); }

}  // namespace signpost::http
