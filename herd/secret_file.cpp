#include "herd/secret_file.hpp"

#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace herd {

void wipe(std::span<char> secret) {
    ::explicit_bzero(secret.data(), secret.size());
}

reactor::Result<std::string_view> read_secret_file(const std::string& path,
                                                   bool shared,
                                                   std::span<char> room) {
    assert(!room.empty());
    const auto opened = reactor::sys::open_secret(path.c_str(), shared);
    if (!opened) return std::unexpected(opened.error());
    const reactor::Socket file(*opened);
    std::size_t size = 0;
    while (size < room.size()) {
        const auto got = reactor::sys::read(file.fd(), room.subspan(size));
        if (!got) return std::unexpected(got.error());
        if (*got == 0) return std::string_view(room.data(), size);
        size += *got;
    }
    return reactor::failure(EFBIG);
}

std::string why_unread(reactor::Errno error) {
    if (error.value == ELOOP) return "is a symbolic link: name the file itself";
    if (error.value == reactor::sys::not_private) {
        return "everybody on this machine can read or change it (chmod 600)";
    }
    if (error.value == reactor::sys::not_a_file) return "is not a file";
    if (error.value == EFBIG) return "is too long";
    return std::string(reactor::describe(error));
}

}  // namespace herd
