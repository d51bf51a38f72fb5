#include "bench/sealing.hpp"

#include "bench/target.hpp"

#include <chrono>

namespace bench {

namespace {

// Of one observer's, at a time.
constexpr std::uint32_t channels_max = 1024;
constexpr reactor::Duration tick_interval = std::chrono::seconds(1);
// Of a server that is overloaded, not of one that is well.
constexpr reactor::Duration handshake_time = std::chrono::seconds(10);

}  // namespace

Sealing::Sealing(reactor::Loop& loop,
                 const std::string& keys,
                 std::uint32_t connections,
                 std::size_t plain_max)
    : keys_(keys),
      plain_max_(plain_max),
      handshakes_(
          loop,
          {.slots = connections + dialled_max, .shaking = dialled_max - 1, .whole = handshake_time},
          &herd::tls::OpensslSealer::leave_thread),
      tick_(loop, reactor::Delegate<void()>::to<&Sealing::tick>(*this)) {
    if (const auto opened = dialler_.open(herd::tls::files_in(keys, {}), plain_max); !opened) {
        throw CannotMeasure(opened.error());
    }
    if (const auto opened = handshakes_.open(); !opened) {
        throw CannotMeasure("handshakes: " + std::string(describe(opened.error())));
    }
    tick_.start(tick_interval);
}

herd::tls::OpensslSealer& Sealing::observer(const std::string& name) {
    observers_.push_back(std::make_unique<herd::tls::OpensslSealer>(keys_, name, channels_max));
    if (const auto opened = observers_.back()->open(plain_max_); !opened) {
        throw CannotMeasure(opened.error());
    }
    return *observers_.back();
}

void Sealing::tick() {
    handshakes_.tick();
    tick_.start(tick_interval);
}

}  // namespace bench
