#pragma once

#include "reactor/result.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace herd {

// A value, or one line for a person that says why there is none: what starting up comes to. It
// stands in for std::expected, which clang 14 cannot destroy when a part of it owns memory.
template <class T = std::monostate>
class Outcome {
public:
    Outcome() = default;
    Outcome(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    template <class Error>
    Outcome(std::unexpected<Error> failed)  // NOLINT(google-explicit-constructor)
        : error_(std::move(failed).error()) {
        assert(!error_.empty());
    }

    bool has_value() const { return error_.empty(); }
    explicit operator bool() const { return has_value(); }
    T& operator*() {
        assert(error_.empty());
        return value_;
    }
    const T& operator*() const {
        assert(error_.empty());
        return value_;
    }
    std::string& error() { return error_; }
    const std::string& error() const { return error_; }

private:
    T value_{};
    std::string error_;
};

// Why `what` has failed: "journal x.journal: another process keeps it".
inline std::unexpected<std::string> failure(std::string_view what, std::string_view why) {
    assert(!what.empty());
    assert(!why.empty());
    return std::unexpected(std::string(what) + ": " + std::string(why));
}

// The same in the system's words: "log x.log: Permission denied".
inline std::unexpected<std::string> failure(std::string_view what, reactor::Errno error) {
    return failure(what, reactor::describe(error));
}

// Of an address that is listened at, which has one listener only.
inline std::unexpected<std::string> listen_failure(std::string_view what, reactor::Errno error) {
    if (error.value != EADDRINUSE) return failure(what, error);
    return failure(what,
                   std::string(reactor::describe(error)) +
                       ": does this server run already? `herd status` says so, and `ss -lntup` who "
                       "else is there");
}

// Of a file that is opened as a regular one only.
inline std::unexpected<std::string> open_failure(std::string_view what, reactor::Errno error) {
    if (error.value == ELOOP) return failure(what, "it is a symbolic link: make it a file");
    const bool other =
        error.value == reactor::sys::not_a_file || error.value == ENXIO || error.value == EISDIR;
    return other ? failure(what, "it is not a file") : failure(what, reactor::describe(error));
}

}  // namespace herd
