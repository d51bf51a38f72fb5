// The part of reactor::sys that opens and names files: see sys.hpp.
#include "reactor/calls_linux.hpp"
#include "reactor/sys.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reactor::sys {

namespace {

static_assert(not_a_file == EOPNOTSUPP);
static_assert(not_private == EPERM);

constexpr mode_t private_mode = 0600;
constexpr mode_t log_mode = 0640;

Result<int> give_back(int fd, int error) {
    ::close(fd);
    return failure(error);
}

// `judge` gives the error that a file's mode is, or 0.
template <class Judge>
Result<int> open_if(const char* path, int flags, mode_t mode, Judge judge) {
    // Not to wait for a pipe's other end; to a file it means nothing.
    auto fd = check(repeat([&] { return open(path, flags | O_NONBLOCK | O_CLOEXEC, mode); }));
    if (!fd) return fd;
    struct stat facts {};
    if (fstat(*fd, &facts) < 0) return give_back(*fd, errno);
    const int error = S_ISREG(facts.st_mode) ? judge(facts.st_mode) : not_a_file;
    return error == 0 ? fd : give_back(*fd, error);
}

// Whoever may write to a folder may put a link, or a pipe that nobody reads, where our file was.
Result<int> open_regular(const char* path, int flags, mode_t mode) {
    return open_if(path, flags | O_NOFOLLOW, mode, [](mode_t) { return 0; });
}

bool is_torn(int fd, const struct stat& facts) {
    char last = '\n';
    return facts.st_size > 0 && pread(fd, &last, 1, facts.st_size - 1) == 1 && last != '\n';
}

bool is_same_file(int one, int other) {
    struct stat first {};
    struct stat second {};
    return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

}  // namespace

Result<void> make_folder(const char* path) {
    if (mkdir(path, 0750) < 0 && errno != EEXIST) return failure(errno);
    return {};
}

Result<int> open_append(const char* path) {
    return open_regular(path, O_WRONLY | O_APPEND | O_CREAT, log_mode);
}

bool ends_torn(const char* path) {
    const auto fd = open_to_read(path);
    if (!fd) return false;
    struct stat facts {};
    const bool torn = fstat(*fd, &facts) == 0 && is_torn(*fd, facts);
    ::close(*fd);
    return torn;
}

Result<std::size_t> write(int fd, std::string_view bytes) {
    return check_size(repeat([&] { return ::write(fd, bytes.data(), bytes.size()); }));
}

Result<int> open_to_read(const char* path) {
    return open_regular(path, O_RDONLY, 0);
}

Result<int> open_to_keep(const char* path) {
    auto fd = open_regular(path, O_RDWR | O_APPEND | O_CREAT, private_mode);
    if (!fd) return fd;
    if (flock(*fd, LOCK_EX | LOCK_NB) < 0) return give_back(*fd, errno);
    // Of one that is there, too, unless it is somebody else's to say who may read it.
    static_cast<void>(fchmod(*fd, private_mode));
    return fd;
}

bool is_kept(const char* path) {
    const auto fd = open_regular(path, O_RDONLY, 0);
    if (!fd) return false;
    const bool kept = flock(*fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    ::close(*fd);
    return kept;
}

Result<int> open_secret(const char* path, bool shared) {
    if (shared) return open_if(path, O_RDONLY, 0, [](mode_t) { return 0; });
    return open_if(path, O_RDONLY | O_NOFOLLOW, 0, [](mode_t mode) {
        return (mode & (S_IROTH | S_IWOTH)) == 0 ? 0 : not_private;
    });
}

Result<int> make_secret(const char* path) {
    return open_regular(path, O_WRONLY | O_CREAT | O_EXCL, private_mode);
}

void forbid_dumps() {
    prctl(PR_SET_DUMPABLE, 0);
}

Result<int> open_folder(const char* path) {
    return check(repeat([&] { return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
}

Result<void> reopen_append(int fd, const char* path) {
    const auto anew = open_append(path);
    if (!anew) return std::unexpected(anew.error());
    // In the same file, the rest of a line may be on its way.
    if (!is_same_file(fd, *anew) && ends_torn(path)) static_cast<void>(write(*anew, "\n"));
    const auto put = check(repeat([&] { return dup3(*anew, fd, O_CLOEXEC); }));
    ::close(*anew);
    if (!put) return std::unexpected(put.error());
    return {};
}

Result<std::size_t> read(int fd, std::span<char> buffer) {
    return check_size(repeat([&] { return ::read(fd, buffer.data(), buffer.size()); }));
}

std::uint64_t skip_hole(int fd) {
    const off_t here = lseek(fd, 0, SEEK_CUR);
    const off_t data = here < 0 ? here : lseek(fd, here, SEEK_DATA);
    return data < 0 ? 0 : static_cast<std::uint64_t>(data - here);
}

Result<void> truncate(int fd, std::uint64_t size) {
    return check_done(repeat([&] { return ftruncate(fd, static_cast<off_t>(size)); }));
}

Result<void> link(const char* from, const char* to) {
    return check_done(::link(from, to));
}

Result<void> rename(const char* from, const char* to) {
    return check_done(std::rename(from, to));
}

Result<void> remove(const char* path) {
    return check_done(unlink(path));
}

}  // namespace reactor::sys
