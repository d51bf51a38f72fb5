// reactor::sys for simulations: linked instead of reactor/*_linux.cpp.
#include "reactor/sys.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/no_allocation.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sys/mman.h>

namespace reactor::sys {

namespace {

using sim::FakeDisk;

// For the length of one call.
class Call : sim::InKernel {
public:
    sim::FakeKernel* operator->() const { return &sim::FakeKernel::current(); }
};

Call kernel() {
    return {};
}

Result<int> open_on_disk(const char* path, bool keep) {
    const sim::InKernel inside;
    const int fd = *kernel()->open_file();
    if (const auto opened = kernel()->disk_here().open(fd, path, keep); !opened) {
        kernel()->close(fd);
        return failure(opened.error().value);
    }
    return fd;
}

// Pages that were given back, zeroed, by their size: a run starts and ends many servers, and the
// real kernel's part in that took a quarter of its time.
constexpr std::size_t pooled_size_max = std::size_t{1} << 19;

std::map<std::size_t, std::vector<void*>>& free_pages() {
    static std::map<std::size_t, std::vector<void*>> pages;
    return pages;
}

// Most pages were never touched: finding that out is cheaper than writing to them.
void wipe(char* start, std::size_t size) {
    constexpr std::size_t page = 4096;
    for (std::size_t at = 0; at < size; at += page) {
        const std::size_t count = std::min(page, size - at);
        const bool clean =
            start[at] == 0 && std::memcmp(start + at, start + at + 1, count - 1) == 0;
        if (!clean) std::memset(start + at, 0, count);
    }
}

struct Promise {
    Errand errand;
    std::uint64_t job = 0;  // 0: it was no disk's.
};

void answer(int helper,
            const Promise& promise,
            std::int64_t delay_ns,
            std::int64_t not_before_ns = 0) {
    std::string message(sizeof promise, '\0');
    std::memcpy(message.data(), &promise, sizeof promise);
    kernel()->put(helper, std::move(message), delay_ns, not_before_ns);
}

// How it ends is known when it begins, but by nobody else.
void write_log(int helper, Errand errand) {
    sim::FakeLog& log = kernel()->log_here();
    const std::string_view left = log.write(errand.bytes);
    errand.bytes.remove_suffix(left.size());
    if (kernel()->shows_logs) kernel()->show_log(errand.bytes);
    errand.bytes = left;
    errand.error = log.error;
    answer(helper, {errand, 0}, log.write_ns);
}

// Files are made, and folders opened, when it is known that the process hears of it.
void keep_promise(Promise& promise) {
    Errand& errand = promise.errand;
    const auto keep = [&](const Result<int>& fd) {
        errand.error = fd ? 0 : fd.error().value;
        errand.fd = fd.value_or(-1);
    };
    if (errand.what == Errand::What::call) errand.function(errand.argument);
    if (promise.job == 0) return;
    errand.error = kernel()->disk_here().end(promise.job);
    if (errand.what == Errand::What::open_folder && errand.error == 0) keep(open_folder(""));
    if (errand.what == Errand::What::find && errand.error == 0) {
        errand.end = kernel()->disk_here().content(errand.path).size();
    }
    if (errand.what != Errand::What::make) return;
    keep(open_to_keep(errand.path));
    if (errand.error != 0) return;
    const auto emptied = truncate(errand.fd, 0);
    if (emptied) return;
    errand.error = emptied.error().value;
    close(errand.fd);
}

}  // namespace

Process process() {
    return {.cpu_ns = kernel()->now_ns() / 2,
            .resident_bytes = std::uint64_t{1} << 20,
            .descriptors = 10,
            .descriptors_max = 1024};
}

Result<void*> map_pages(std::size_t size) {
    const sim::InKernel inside;
    auto& free = free_pages()[size];
    if (!free.empty()) {
        void* start = free.back();
        free.pop_back();
        return start;
    }
    void* start = mmap(
        nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return failure(errno);
    return start;
}
void use_large_pages(void*, std::size_t) {}
void give_pages_back(void* start, std::size_t size) {
    std::memset(start, 0, size);
}
void unmap_pages(void* start, std::size_t size) {
    const sim::InKernel inside;
    if (size > pooled_size_max) {
        munmap(start, size);
        return;
    }
    wipe(static_cast<char*>(start), size);
    free_pages()[size].push_back(start);
}

void forbid_dumps() {}

std::int64_t monotonic_ns() {
    return kernel()->now_ns();
}
std::int64_t wall_ns() {
    return kernel()->wall_ns();
}
std::uint64_t random_bits() {
    return kernel()->random_bits();
}

Result<int> open_socket(bool) {
    return kernel()->open_socket();
}
Result<void> set_option(int fd, Option option, int value) {
    if (option == Option::receive_low_water) {
        kernel()->set_low_water(fd, static_cast<std::size_t>(value));
    }
    return {};
}
Result<void> bind(int fd, const Address& address) {
    return kernel()->bind(fd, address);
}
Result<void> listen(int fd, int) {
    return kernel()->listen(fd);
}
Result<int> accept(int fd) {
    return kernel()->accept(fd);
}
Result<void> connect(int fd, const Address& address) {
    return kernel()->connect(fd, address);
}
Result<void> take_error(int fd) {
    return kernel()->take_error(fd);
}
Result<Address> local_address(int fd) {
    return kernel()->local_address(fd);
}
Result<Address> peer_address(int fd) {
    return kernel()->peer_address(fd);
}
Result<std::size_t> receive(int fd, std::span<char> buffer) {
    return kernel()->receive(fd, buffer);
}
Result<std::size_t> peek(int fd, std::span<char> buffer) {
    return kernel()->peek(fd, buffer);
}
Result<std::size_t> send(int fd, std::string_view bytes) {
    return kernel()->send(fd, bytes);
}
Result<int> open_datagrams(bool) {
    return kernel()->open_datagrams();
}
Result<std::size_t> receive_datagrams(int fd, std::span<char> room, std::span<Datagram> into) {
    const sim::InKernel inside;
    const std::size_t count = kernel()->receive_datagrams(fd, room, into);
    if (count == 0) return failure(EAGAIN);
    return count;
}
Result<std::size_t> look_up(const char* name, std::uint16_t port, std::span<Address> into) {
    const sim::InKernel inside;
    const auto found = kernel()->names.find(name);
    if (found == kernel()->names.end()) return failure(no_such_name);
    if (kernel()->names_fail) return failure(no_name_server);
    into[0] = found->second;
    into[0].port = port;
    return 1;
}
// Nobody here hands anything down.
Result<SocketKind> take_over(int) {
    return failure(not_a_port);
}
void shutdown_write(int fd) {
    kernel()->shutdown_write(fd);
}
void close(int fd) {
    kernel()->disk_here().close(fd);
    kernel()->close(fd);
}

Result<int> open_poll() {
    return kernel()->open_poll();
}
Result<void> poll_add(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    return kernel()->poll_add(poll, fd, mask, data);
}
Result<void> poll_change(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    return kernel()->poll_change(poll, fd, mask, data);
}
Result<void> poll_remove(int poll, int fd) {
    return kernel()->poll_remove(poll, fd);
}
Result<int> open_alarm(int, std::uint64_t) {
    return kernel()->open_alarm();
}
void set_alarm(int, std::int64_t) {}
Result<std::size_t> wait(int poll, std::span<Event> events, Wait) {
    return kernel()->wait(poll, events);
}

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
    return kernel()->open_file();
}
bool ends_torn(const char*) {
    return false;
}
Result<void> reopen_append(int, const char*) {
    return failure(ENOSYS);
}
Result<std::size_t> write(int fd, std::string_view bytes) {
    const sim::InKernel inside;
    return kernel()->disk_here().write(fd, bytes);
}

Result<int> open_to_read(const char* path) {
    return open_on_disk(path, false);
}
Result<int> open_secret(const char* path, bool) {
    return open_on_disk(path, false);
}
Result<int> open_to_keep(const char* path) {
    return open_on_disk(path, true);
}
Result<int> open_folder(const char*) {
    if (kernel()->disk_here().faults.open != 0) return failure(kernel()->disk_here().faults.open);
    return kernel()->open_file();
}
Result<std::size_t> read(int fd, std::span<char> buffer) {
    return kernel()->disk_here().read(fd, buffer);
}
std::uint64_t skip_hole(int fd) {
    return kernel()->disk_here().skip_hole(fd);
}
Result<void> truncate(int fd, std::uint64_t size) {
    return kernel()->disk_here().truncate(fd, size);
}
Result<void> link(const char* from, const char* to) {
    const sim::InKernel inside;
    return kernel()->disk_here().link(from, to);
}
Result<void> rename(const char* from, const char* to) {
    const sim::InKernel inside;
    return kernel()->disk_here().rename(from, to);
}
bool is_kept(const char* path) {
    const sim::InKernel inside;
    return kernel()->disk_here().is_kept(path);
}
Result<void> remove(const char* path) {
    const sim::InKernel inside;
    return kernel()->disk_here().remove(path);
}

Result<int> open_helper(Priority) {
    return kernel()->open_mailbox();
}
// The answer is on its way already, and says which job of the disk's is to end when it comes.
Result<void> ask(int helper, const Errand& errand) {
    const sim::InKernel inside;
    FakeDisk& disk = kernel()->disk_here();
    // Nobody uses it any more: what was asked before has its file, and its bytes, by now.
    if (errand.what == Errand::What::close) close(errand.fd);
    if (errand.what == Errand::What::unmap) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): pages that were mapped to write.
        unmap_pages(const_cast<char*>(errand.bytes.data()), errand.bytes.size());
    }
    if (errand.what == Errand::What::call) {
        answer(helper, {errand, 0}, kernel()->call_ns(), disk.hangs_until(errand));
        return {};
    }
    const bool write =
        errand.what == Errand::What::write || errand.what == Errand::What::write_lines;
    if (write && !disk.holds(errand.fd)) {
        write_log(helper, errand);
        return {};
    }
    answer(helper,
           {errand, disk.begin(errand)},
           write ? disk.write_ns : disk.sync_ns,
           disk.hangs_until(errand));
    return {};
}
Result<Errand> take_done(int helper) {
    const sim::InKernel inside;
    const auto message = kernel()->take(helper);
    if (!message) return failure(EAGAIN);
    Promise promise;
    std::memcpy(&promise, message->data(), sizeof promise);
    keep_promise(promise);
    return promise.errand;
}
// Time stands still meanwhile.
bool await_done(int, std::int64_t) {
    return false;
}

}  // namespace reactor::sys
