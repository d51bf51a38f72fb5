#pragma once

#include "reactor/result.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace herd {

// Nothing is left of it, whatever the compiler thinks of that.
void wipe(std::span<char> secret);

// A buffer whose content does not outlive it.
template <std::size_t size>
struct SecretRoom {
    SecretRoom() = default;
    SecretRoom(const SecretRoom&) = delete;
    SecretRoom& operator=(const SecretRoom&) = delete;
    ~SecretRoom() { wipe(bytes); }

    std::array<char, size> bytes{};
};

// Reads a file that holds a secret, whole, into `room`, which is the caller's to wipe: a view of
// it. Fails as sys::open_secret does, or with EFBIG where `room` is not larger than the file.
reactor::Result<std::string_view> read_secret_file(const std::string& path,
                                                   bool shared,
                                                   std::span<char> room);
// What such a failure means, for a person who can mend it.
std::string why_unread(reactor::Errno error);

}  // namespace herd
