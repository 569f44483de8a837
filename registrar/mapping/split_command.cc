// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/split_command.h"

#include <string>
#include <utility>

namespace signpost::registrar {
namespace {

// What a backslash takes the meaning from inside double quotes.
bool IsSpecialInQuotes(char c) { return c == '"' || c == '\\' || c == '$' || c == '`'; }

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<Strings> Run() {
    for (; at_ < text_.size(); ++at_) Step(text_[at_]);
    if (quote_ != '\0') return Status::Invalid("a quote without end");
    EndWord();
    if (words_.empty()) return Status::Invalid("an empty command");
    return std::move(words_);
  }

 private:
  void Step(char c) {
    const bool more = at_ + 1 < text_.size();
    if (quote_ != '\0') {
      if (c == quote_) {
        quote_ = '\0';
      } else {
        if (quote_ == '"' && c == '\\' && more && IsSpecialInQuotes(text_[at_ + 1])) c = text_[++at_];
        word_ += c;
      }
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      EndWord();
    } else {
      in_word_ = true;
      if (c == '"' || c == '\'') {
        quote_ = c;
      } else {
        word_ += c == '\\' && more ? text_[++at_] : c;
      }
    }
  }

  void EndWord() {
    if (in_word_) words_.push_back(std::exchange(word_, {}));
    in_word_ = false;
  }

  std::string_view text_;
  size_t at_ = 0;
  char quote_ = '\0';
  bool in_word_ = false;
  std::string word_;
  Strings words_;
};

}  // namespace

Result<Strings> SplitCommand(std::string_view text) { return Splitter(text).Run(); }

}  // namespace signpost::registrar
