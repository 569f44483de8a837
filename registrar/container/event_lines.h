// Signpost. Apache-2.0; see LICENSE.
// Cuts the event stream, however sliced, into its lines.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace signpost::registrar {

class EventLines {
 public:
  // Longer lines are dropped whole and counted.
  static constexpr size_t kMaxLine = size_t{1} << 20;

  // Calls `on_line` for every finished line that is not blank, without its line end. The view is valid during the call.
  void Feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line);

  size_t dropped() const { return dropped_; }

 private:
  std::string partial_;
  bool skipping_ = false;
  size_t dropped_ = 0;
};

}  // namespace signpost::registrar
