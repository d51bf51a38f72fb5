#pragma once

#include <cassert>
#include <expected>
#include <string_view>
#include <utility>

namespace reactor {

// What a system call returned instead of a result: an errno value.
struct Errno {
    int value = 0;
    friend bool operator==(Errno, Errno) = default;
};

template <class T>
using Result = std::expected<T, Errno>;

inline std::unexpected<Errno> failure(int error) {
    assert(error > 0);
    return std::unexpected(Errno{error});
}

// A Result whose value owns something, for a T that has an empty state: clang 14 cannot destroy
// such a std::expected of libstdc++ 12.
template <class T>
class Acquired {
public:
    Acquired(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    Acquired(std::unexpected<Errno> failed)          // NOLINT(google-explicit-constructor)
        : error_(failed.error()) {
        assert(error_ != Errno{});
    }

    explicit operator bool() const { return error_ == Errno{}; }
    T& operator*() {
        assert(error_ == Errno{});
        return value_;
    }
    Errno error() const { return error_; }

private:
    T value_;
    Errno error_;  // 0: there is a value.
};

// The system's words for an error number; valid for good.
std::string_view describe(Errno error);

// Ends the process with a reason: for what cannot happen to a descriptor of our own.
[[noreturn]] void die(const char* what, Errno error);

}  // namespace reactor
