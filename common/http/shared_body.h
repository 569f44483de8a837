// Signpost. Apache-2.0; see LICENSE.
// One body for many answers: thousands of blocked queries that one change wakes get the same bytes, so they are
// kept once, and compressed at most once.
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace signpost::http {

// Lives until the slowest client has it all. Used on one loop's thread only, since the compressed form is made when
// the first answer needs it.
class SharedBody {
 public:
  explicit SharedBody(std::string text) : text_(std::move(text)) {}
  SharedBody(const SharedBody&) = delete;
  SharedBody& operator=(const SharedBody&) = delete;

  const std::string& text() const { return text_; }
  // The gzip form; null when that would not be smaller.
  const std::shared_ptr<const SharedBody>& gzip() const;

 private:
  const std::string text_;
  mutable std::shared_ptr<const SharedBody> gzip_;
  mutable bool compressed_ = false;
};

using SharedBodyPtr = std::shared_ptr<const SharedBody>;

inline SharedBodyPtr Share(std::string text) { return std::make_shared<const SharedBody>(std::move(text)); }

}  // namespace signpost::http
