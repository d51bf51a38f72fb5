#include "herd/keys/files.hpp"

#include "reactor/calls_linux.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <span>
#include <utility>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

namespace herd::keys {

namespace sys = reactor::sys;

namespace {

Access access_of(mode_t mode) {
    return {.others_read = (mode & S_IROTH) != 0,
            .others_change = (mode & (S_IWGRP | S_IWOTH)) != 0};
}

Unread unread(int error) {
    if (error == ELOOP) return {.why = "is a symbolic link"};
    if (error == sys::not_a_file) return {.why = "is not a file"};
    return {.missing = error == ENOENT, .why = std::string(describe(reactor::Errno{error}))};
}

reactor::Result<void> write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = sys::write(fd, text);
        if (!written) return std::unexpected(written.error());
        text.remove_prefix(*written);
    }
    return sys::check_done(sys::repeat([&] { return fsync(fd); }));
}

// Its name is one that no server can have.
std::string passing_name() {
    std::array<char, 32> name{};
    std::snprintf(name.data(),
                  name.size(),
                  ".new-%016llx",
                  static_cast<unsigned long long>(sys::random_bits()));
    return name.data();
}

// So that the folder itself is still there after a power cut.
void sync_parent(const std::string& path) {
    const std::string parent = std::filesystem::absolute(path).parent_path();
    const auto opened = sys::open_folder(parent.c_str());
    if (!opened) return;
    const reactor::Socket fd(*opened);
    fsync(fd.fd());
}

}  // namespace

Secret::Secret(std::vector<char> bytes, std::size_t size) : bytes_(std::move(bytes)), size_(size) {
    assert(size_ <= bytes_.size());
}

Secret::~Secret() {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Outcome<Folder> Folder::open(const std::string& path) {
    const auto fd = sys::open_folder(path.c_str());
    if (!fd && fd.error().value == ENOENT)
        return failure(path, "is not there; `herd keys` makes it");
    if (!fd) return failure(path, fd.error());
    return Folder(path, *fd);
}

Outcome<Folder> Folder::make(const std::string& path) {
    constexpr mode_t owner_only = 0700;
    if (mkdir(path.c_str(), owner_only) == 0) {
        sync_parent(path);
    } else if (errno != EEXIST) {
        return failure(path, reactor::Errno{errno});
    }
    return open(path);
}

std::string Folder::path_of(std::string_view name) const {
    return path_ + (path_.ends_with('/') ? "" : "/") + std::string(name);
}

bool Folder::has(const std::string& name) const {
    struct stat facts {};
    return fstatat(fd_.fd(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

Access Folder::access() const {
    struct stat facts {};
    return fstat(fd_.fd(), &facts) == 0 ? access_of(facts.st_mode) : Access{};
}

Text Folder::read(const std::string& name) const {
    // Not to wait for a pipe's other end; to a file it means nothing.
    constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const int opened = sys::repeat([&] { return openat(fd_.fd(), name.c_str(), flags); });
    if (opened < 0) return {.unread = unread(errno)};
    const reactor::Socket file(opened);
    struct stat facts {};
    if (fstat(opened, &facts) < 0) return {.unread = unread(errno)};
    if (!S_ISREG(facts.st_mode)) return {.unread = unread(sys::not_a_file)};
    std::vector<char> bytes(key_file_max);
    std::size_t size = 0;
    while (size < bytes.size()) {
        const auto got = sys::read(opened, std::span(bytes).subspan(size));
        if (!got || *got == 0) {
            Secret secret(std::move(bytes), size);
            if (!got) return {.unread = unread(got.error().value)};
            return {.secret = std::move(secret), .access = access_of(facts.st_mode)};
        }
        size += *got;
    }
    const Secret wiped(std::move(bytes), size);
    return {.unread = {.why = "is too long for what it should be"}};
}

reactor::Result<void> Folder::add(const std::string& name, std::string_view text, Mode mode) const {
    assert(name.find('/') == std::string::npos);
    constexpr mode_t secret_mode = 0600;
    constexpr mode_t open_mode = 0644;
    const std::string passing = passing_name();
    const int made = sys::repeat([&] {
        return openat(
            fd_.fd(), passing.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret_mode);
    });
    if (made < 0) return reactor::failure(errno);
    const reactor::Socket file(made);
    auto done = write_all(made, text);
    // Whatever the umask is.
    if (done) done = sys::check_done(fchmod(made, mode == Mode::secret ? secret_mode : open_mode));
    // A link, and no renaming, which would take the place of what somebody puts there meanwhile.
    if (done) {
        done = sys::check_done(linkat(fd_.fd(), passing.c_str(), fd_.fd(), name.c_str(), 0));
    }
    unlinkat(fd_.fd(), passing.c_str(), 0);
    if (done) done = sys::check_done(sys::repeat([&] { return fsync(fd_.fd()); }));
    return done;
}

}  // namespace herd::keys
