// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/output_tail.h"

#include <algorithm>

namespace signpost::registry {

OutputTail::OutputTail(size_t max) : max_(std::max<size_t>(max, 1)) {}

void OutputTail::Append(std::string_view piece) {
  total_ += piece.size();
  if (piece.size() >= max_) {
    kept_.assign(piece.substr(piece.size() - max_));
    return;
  }
  kept_.append(piece);
  // Moving the text only when it has doubled keeps many small pieces cheap.
  if (kept_.size() > 2 * max_) kept_.erase(0, kept_.size() - max_);
}

std::string OutputTail::Text() const { return kept_.size() <= max_ ? kept_ : kept_.substr(kept_.size() - max_); }

std::string OutputTail::WithNote() const {
  if (total_ <= max_) return kept_;
  return "Captured " + std::to_string(max_) + " of " + std::to_string(total_) + " bytes\n...\n" + Text();
}

}  // namespace signpost::registry
