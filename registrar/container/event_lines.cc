// Signpost. Apache-2.0; see LICENSE.
#include "registrar/container/event_lines.h"

#include <utility>

namespace signpost::registrar {
namespace {

std::string_view WithoutLineEnd(std::string_view line) {
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

void Emit(std::string_view line, const std::function<void(std::string_view)>& on_line) {
  line = WithoutLineEnd(line);
  if (line.find_first_not_of(" \t\r") != std::string_view::npos) on_line(line);
}

}  // namespace

void EventLines::Feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line) {
  while (!bytes.empty()) {
    const size_t newline = bytes.find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::string_view piece = bytes.substr(0, newline);
    bytes.remove_prefix(ends ? newline + 1 : bytes.size());
    if (!skipping_ && partial_.size() + piece.size() > kMaxLine) {
      ++dropped_;
      skipping_ = true;
      std::string().swap(partial_);
    }
    if (skipping_) {
      skipping_ = !ends;
    } else if (!ends) {
      partial_.append(piece);
    } else if (partial_.empty()) {
      Emit(piece, on_line);
    } else {
      const std::string line = std::exchange(partial_, std::string()).append(piece);
      Emit(line, on_line);
    }
  }
}

}  // namespace signpost::registrar
