// Signpost. Apache-2.0; see LICENSE.
#include "common/net/handle.h"

#include <string>
#include <utility>

#include "common/base/status.h"

namespace signpost::net {

void Handle::Attach(uv_handle_t* handle) {
  handle_ = handle;
  handle_->data = this;
}

void Handle::Close() {
  if (closing_) return;
  loop_.AssertInLoop();
  closing_ = true;
  self_ = shared_from_this();
  uv_close(handle_, [](uv_handle_t* handle) {
    auto& base = *static_cast<Handle*>(handle->data);
    const std::shared_ptr<Handle> last = std::move(base.self_);
    base.OnClosed();
  });
}

void CheckUv(int result, const char* call) {
  if (result < 0) Abort(std::string(call) + ": " + uv_strerror(result));
}

}  // namespace signpost::net
