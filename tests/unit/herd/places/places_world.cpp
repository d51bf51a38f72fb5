#include "tests/unit/herd/places/places_world.hpp"

#include "reactor/sys.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <random>

// The kernel as far as places::Client needs one: a clock that moves when told to, chance from a
// seed, and descriptors of which nothing is ever heard. What links this links no sys_linux.cpp.
namespace {

std::int64_t clock_ns = 0;
std::mt19937_64 chance{1};
std::size_t allocated = 0;

}  // namespace

namespace reactor::sys {

Result<void*> map_pages(std::size_t size) {
    void* pages = std::calloc(size, 1);
    if (pages == nullptr) return failure(ENOMEM);
    return pages;
}
void unmap_pages(void* start, std::size_t) {
    std::free(start);
}
void use_large_pages(void*, std::size_t) {}
void give_pages_back(void*, std::size_t) {}
std::int64_t monotonic_ns() {
    return clock_ns;
}
std::uint64_t random_bits() {
    return chance();
}
Result<int> open_poll() {
    return 1000;
}
Result<void> poll_add(int, int, std::uint32_t, std::uint64_t) {
    return {};
}
Result<void> poll_change(int, int, std::uint32_t, std::uint64_t) {
    return {};
}
Result<void> poll_remove(int, int) {
    return {};
}
Result<int> open_alarm(int, std::uint64_t) {
    return 1001;
}
void set_alarm(int, std::int64_t) {}
Result<std::size_t> wait(int, std::span<Event>, Wait) {
    return 0;
}
void close(int) {}
// Only for places::read_key and Upstream, which are linked and never asked.
Result<int> open_secret(const char*, bool) {
    return failure(ENOSYS);
}
Result<std::size_t> read(int, std::span<char>) {
    return failure(ENOSYS);
}
void forbid_dumps() {}
// Only for places::CurlFetcher, which is linked and never made.
Result<int> open_socket(bool) {
    return failure(ENOSYS);
}
Result<void> set_option(int, Option, int) {
    return failure(ENOSYS);
}
Result<Address> peer_address(int) {
    return failure(ENOSYS);
}
Result<int> open_helper(Priority) {
    return failure(ENOSYS);
}
Result<void> ask(int, const Errand&) {
    return failure(ENOSYS);
}
Result<Errand> take_done(int) {
    return failure(ENOSYS);
}
bool await_done(int, std::int64_t) {
    return false;
}

}  // namespace reactor::sys

void* operator new(std::size_t size) {
    ++allocated;
    void* memory = std::malloc(size);
    if (memory == nullptr) std::abort();
    return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return operator new(size);
}
// Not inline, or g++ sees free() where it has seen the call of an operator new.
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace herd::places_test {

World::World(const config::Limits& limits) {
    clock_ns = 1'000'000'000;
    REQUIRE(loop.open({16, 16}).has_value());
    provider = *places::Provider::make({}, {});
    client = std::make_unique<places::Client>(loop, fetcher, provider);
    REQUIRE(client->open(limits).has_value());
    origin = loop.now();
}

void World::settle() {
    do {
        loop.run_once();
    } while (loop.wakes_at() <= loop.now());
    client->check();
}

void World::pass(Duration duration) {
    const auto until = loop.now() + duration;
    while (loop.wakes_at() <= until) {
        clock_ns = std::max(clock_ns, loop.wakes_at().time_since_epoch().count());
        loop.run_once();
        client->check();
    }
    clock_ns = until.time_since_epoch().count();
    settle();
}

config::Limits small_limits() {
    config::Limits limits;
    limits.connections = 2'000;
    limits.places_in_flight = 4;
    limits.places_queue = 8;
    limits.places_deadline_ms = 4'000;
    limits.places_body_max = 4'096;
    return limits;
}

void Asker::on_answer(const protocol::CutPlaces& answer) {
    ++answers;
    at = world->now();
    text = {};
    answer.text.copy(text.data(), text.size() - 1);
    if (cancels != nullptr) world->client->cancel(cancels->ticket);
    if (asks_again) world->ask(*this, {8, 8, 8'000});
    asks_again = false;
}

protocol::PlacesQuery spot(int number) {
    return {1.0 + number, 2.0, 1'000};
}

bool shows(const Asker& asker, std::string_view status, places::Trouble trouble) {
    return asker.answers == 1 && asker.json().find(status) != std::string_view::npos &&
           asker.json().find(places::facts(trouble).message) != std::string_view::npos &&
           asker.json().find("html_attributions") != std::string_view::npos &&
           asker.json().find("results") != std::string_view::npos;
}

std::size_t allocations() {
    return allocated;
}

}  // namespace herd::places_test
