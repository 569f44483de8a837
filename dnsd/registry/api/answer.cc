// Signpost. Apache-2.0; see LICENSE.
#include <utility>

#include "dnsd/registry/api/call.h"

namespace signpost::registry {

Answer JsonAnswer(std::string json) {
  Answer answer;
  answer.body = std::move(json);
  return answer;
}

Answer TextAnswer(int status, std::string text) {
  Answer answer;
  answer.status = status;
  answer.body = std::move(text);
  answer.content_type = "text/plain; charset=utf-8";
  return answer;
}

Answer BoolAnswer(bool value) { return JsonAnswer(value ? "true" : "false"); }

Answer EmptyAnswer() {
  Answer answer;
  answer.content_type = "";
  return answer;
}

}  // namespace signpost::registry
