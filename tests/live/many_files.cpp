// Loaded before the C library, by LD_PRELOAD: has it say that 2^30 files may be open, as some
// containers do, and that more or less of them is all right.
#include <cstdint>

#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr int open_files = 7;  // RLIMIT_NOFILE, whose header declares what stands below

struct Limit {
    std::uint64_t soft;
    std::uint64_t hard;
};

int ask(int resource, const Limit* wanted, Limit* limit) {
    return static_cast<int>(::syscall(SYS_prlimit64, 0, resource, wanted, limit));
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the C library's names.
extern "C" {

int getrlimit64(int resource, Limit* limit) {
    if (resource != open_files) return ask(resource, nullptr, limit);
    *limit = {1U << 30, 1U << 30};
    return 0;
}
int setrlimit64(int resource, const Limit* limit) {
    return resource == open_files ? 0 : ask(resource, limit, nullptr);
}
int getrlimit(int resource, Limit* limit) {
    return getrlimit64(resource, limit);
}
int setrlimit(int resource, const Limit* limit) {
    return setrlimit64(resource, limit);
}
}
// NOLINTEND(readability-identifier-naming)
