#pragma once

#include "reactor/result.hpp"

#include <cerrno>
#include <cstddef>

// How the parts of reactor::sys read what a system call returns.
namespace reactor::sys {

// Repeats a call that a signal interrupted.
template <class Call>
auto repeat(Call call) {
    auto returned = call();
    while (returned < 0 && errno == EINTR) returned = call();
    return returned;
}

// Below 0 it is a failure, which errno explains.
template <class T>
Result<T> check(T returned) {
    if (returned < 0) return failure(errno);
    return returned;
}

inline Result<std::size_t> check_size(std::ptrdiff_t returned) {
    if (returned < 0) return failure(errno);
    return static_cast<std::size_t>(returned);
}

inline Result<void> check_done(int returned) {
    if (returned < 0) return failure(errno);
    return {};
}

}  // namespace reactor::sys
