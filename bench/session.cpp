#include "bench/session.hpp"

#include "bench/sealing.hpp"
#include "bench/target.hpp"
#include "reactor/sys.hpp"

#include <cstdio>
#include <string>

namespace bench {

namespace {

// Listeners, epoll, /proc, standard streams and pauses of listening.
constexpr std::uint32_t others = 128;
// What a stalled server does not take waits here, 128 MiB at most: an open loop goes on sending.
constexpr std::uint32_t blocks = 32'768;
constexpr reactor::Duration progress_interval = std::chrono::seconds(5);

}  // namespace

reactor::Instant this_moment() {
    return reactor::Instant(reactor::Duration(reactor::sys::monotonic_ns()));
}

Session::Session(std::uint32_t connections, const std::string& keys)
    : wire_(loop_),
      progress_(loop_, reactor::Delegate<void()>::to<&Session::show_progress>(*this)) {
    const std::uint64_t wanted = std::uint64_t{connections} + others;
    const auto allowed = reactor::sys::raise_descriptor_limit(wanted);
    if (!allowed || *allowed < wanted) {
        throw CannotMeasure(std::to_string(wanted) + " descriptors are needed, " +
                            std::to_string(allowed ? *allowed : 0) + " allowed (ulimit -n)");
    }
    const reactor::Loop::Limits limits{.watches = connections + others,
                                       .timers = connections + others};
    if (const auto opened = loop_.open(limits); !opened) {
        throw CannotMeasure("event loop: " + std::string(describe(opened.error())));
    }
    const reactor::Wire::Limits wire{.blocks = blocks,
                                     .watches = keys.empty() ? 0 : limits.watches};
    if (const auto opened = wire_.open(wire); !opened) {
        throw CannotMeasure("memory: " + std::string(describe(opened.error())));
    }
    if (!keys.empty()) {
        sealing_ = std::make_unique<Sealing>(loop_, keys, connections, wire.send_size);
    }
    offset_ns_ = reactor::sys::wall_ns() - reactor::sys::monotonic_ns();
    start_ = this_moment();
    progress_.start_at(start_ + progress_interval);
}

Session::~Session() = default;

void Session::show_progress() {
    const auto megabytes = [](std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; };
    std::fprintf(stderr,
                 "%.0f s: %.1f MB said, %.1f MB heard\n",
                 std::chrono::duration<double>(this_moment() - start_).count(),
                 megabytes(wire_.counters().bytes_out),
                 megabytes(wire_.counters().bytes_in));
    progress_.start(progress_interval);
}

}  // namespace bench
