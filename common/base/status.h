// Signpost. Apache-2.0; see LICENSE.
// Status: success, or one error kind with a sentence that tells the user what to do next.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signpost {

// The four classes of docs/errors.md, less the broken invariant (which aborts).
enum class ErrorKind : unsigned char {
  kOk,
  kInvalid,      // hostile or malformed input
  kConfig,       // bad configuration: start-up ends with this sentence
  kUnavailable,  // a neighbour failed; retry with back-off
  kNotFound,
  kDenied,  // a neighbour refused our credentials
  kLimit,   // a bound was reached
  kSystem,  // a system call failed
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(ErrorKind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

  static Status Ok() { return {}; }
  static Status Invalid(std::string text) { return {ErrorKind::kInvalid, std::move(text)}; }
  static Status Config(std::string text) { return {ErrorKind::kConfig, std::move(text)}; }
  static Status Unavailable(std::string text) { return {ErrorKind::kUnavailable, std::move(text)}; }
  static Status NotFound(std::string text) { return {ErrorKind::kNotFound, std::move(text)}; }
  static Status Denied(std::string text) { return {ErrorKind::kDenied, std::move(text)}; }
  static Status Limit(std::string text) { return {ErrorKind::kLimit, std::move(text)}; }
  // Appends strerror(error_number) to `what`.
  static Status System(std::string_view what, int error_number);

  bool ok() const { return kind_ == ErrorKind::kOk; }
  ErrorKind kind() const { return kind_; }
  const std::string& text() const { return text_; }

 private:
  ErrorKind kind_ = ErrorKind::kOk;
  std::string text_;
};

// A value, or the Status that says why there is none. Reading value() of a failure aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: implicit by design

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & { return *Checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(*Checked()); }
  T* operator->() { return Checked(); }
  const T* operator->() const { return const_cast<Result*>(this)->Checked(); }

 private:
  T* Checked();

  std::optional<T> value_;
  Status status_;
};

// Ends the process: an invariant of our own code does not hold.
[[noreturn]] void Abort(std::string_view what);

template <typename T>
T* Result<T>::Checked() {
  if (!value_) Abort("value() of a failed Result");
  return &*value_;
}

}  // namespace signpost
