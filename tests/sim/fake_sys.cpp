// reactor::sys for simulations: linked instead of reactor/sys_linux.cpp.
#include "reactor/sys.hpp"
#include "tests/sim/fake_kernel.hpp"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <sys/mman.h>

namespace reactor::sys {

namespace {

using sim::FakeDisk;

sim::FakeKernel& kernel() {
    return sim::FakeKernel::current();
}

Result<int> open_on_disk(const char* path, bool keep) {
    const int fd = *kernel().open_file();
    if (const auto opened = kernel().disk.open(fd, path, keep); !opened) {
        kernel().close(fd);
        return failure(opened.error().value);
    }
    return fd;
}

struct Promise {
    Errand errand;
    std::uint64_t job = 0;
};

}  // namespace

Result<void*> map_pages(std::size_t size) {
    void* start = mmap(
        nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return failure(errno);
    return start;
}
void unmap_pages(void* start, std::size_t size) {
    munmap(start, size);
}

std::int64_t monotonic_ns() {
    return kernel().now_ns();
}
std::int64_t wall_ns() {
    return kernel().wall_ns();
}
std::uint64_t random_bits() {
    return kernel().random_bits();
}

Result<int> open_socket(bool) {
    return kernel().open_socket();
}
Result<void> set_option(int, Option, int) {
    return {};
}
Result<void> bind(int fd, const Address& address) {
    return kernel().bind(fd, address);
}
Result<void> listen(int fd, int) {
    return kernel().listen(fd);
}
Result<int> accept(int fd) {
    return kernel().accept(fd);
}
Result<void> connect(int fd, const Address& address) {
    return kernel().connect(fd, address);
}
Result<void> take_error(int fd) {
    return kernel().take_error(fd);
}
Result<Address> local_address(int fd) {
    return kernel().local_address(fd);
}
Result<Address> peer_address(int fd) {
    return kernel().peer_address(fd);
}
Result<std::size_t> receive(int fd, std::span<char> room) {
    return kernel().receive(fd, room);
}
Result<std::size_t> send(int fd, std::string_view bytes) {
    return kernel().send(fd, bytes);
}
void shutdown_write(int fd) {
    kernel().shutdown_write(fd);
}
void close(int fd) {
    kernel().disk.close(fd);
    kernel().close(fd);
}

Result<int> open_poll() {
    return kernel().open_poll();
}
Result<void> poll_add(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    return kernel().poll_add(poll, fd, mask, data);
}
Result<void> poll_change(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    return kernel().poll_change(poll, fd, mask, data);
}
Result<void> poll_remove(int poll, int fd) {
    return kernel().poll_remove(poll, fd);
}
Result<std::size_t> wait(int poll, std::span<Event> events, std::int64_t) {
    return kernel().wait(poll, events);
}

void wake_on_time() {}

Result<int> open_signals(bool) {
    return failure(ENOSYS);
}
Result<int> take_signal(int) {
    return failure(ENOSYS);
}
Result<std::uint64_t> raise_descriptor_limit(std::uint64_t wanted) {
    return wanted;
}

Result<void> make_folder(const char*) {
    return {};
}
Result<int> open_append(const char*) {
    return kernel().open_file();
}
Result<std::size_t> write(int fd, std::string_view bytes) {
    FakeDisk& disk = kernel().disk;
    return disk.holds(fd) ? disk.write(fd, bytes) : bytes.size();
}

Result<int> open_to_read(const char* path) {
    return open_on_disk(path, false);
}
Result<int> open_to_keep(const char* path) {
    return open_on_disk(path, true);
}
Result<int> open_folder(const char*) {
    return kernel().open_file();
}
Result<std::size_t> read(int fd, std::span<char> room) {
    return kernel().disk.read(fd, room);
}
Result<void> truncate(int fd, std::uint64_t size) {
    return kernel().disk.truncate(fd, size);
}
Result<void> rename(const char* from, const char* to) {
    return kernel().disk.rename(from, to);
}
Result<void> remove(const char* path) {
    return kernel().disk.remove(path);
}

Result<int> open_helper() {
    return kernel().open_mailbox();
}
// The answer is on its way already, and says which job of the disk's is to end when it comes.
Result<void> ask(int helper, const Errand& errand) {
    FakeDisk& disk = kernel().disk;
    if (errand.what == Errand::What::close) {
        close(errand.fd);
        return {};
    }
    const bool write = errand.what == Errand::What::write;
    const Promise promise{errand, disk.begin(errand)};
    std::string message(sizeof promise, '\0');
    std::memcpy(message.data(), &promise, sizeof promise);
    kernel().put(helper, std::move(message), write ? disk.write_ns : disk.sync_ns);
    return {};
}
Result<Errand> take_done(int helper) {
    const auto message = kernel().take(helper);
    if (!message) return failure(EAGAIN);
    Promise promise;
    std::memcpy(&promise, message->data(), sizeof promise);
    promise.errand.error = kernel().disk.end(promise.job);
    return promise.errand;
}

}  // namespace reactor::sys
