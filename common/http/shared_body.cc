// Signpost. Apache-2.0; see LICENSE.
#include "common/http/shared_body.h"

#include "common/http/content_coding.h"

namespace signpost::http {

const SharedBodyPtr& SharedBody::gzip() const {
  if (!std::exchange(compressed_, true)) {
    std::string small = Gzip(text_);
    if (small.size() < text_.size()) gzip_ = Share(std::move(small));
  }
  return gzip_;
}

}  // namespace signpost::http
