#include "herd/gps/receiver.hpp"

#include <utility>

namespace herd::gps {

Receiver::Receiver(reactor::Wire& wire, const reactor::Address& gpsd, Found found)
    : link_(wire,
            gpsd,
            {.opened = reactor::Delegate<void()>::to<&Receiver::on_opened>(*this),
             .heard = reactor::Delegate<void(std::string_view)>::to<&Receiver::on_line>(*this),
             .lost = reactor::Delegate<void()>::to<&Receiver::on_lost>(*this)},
            {}),
      found_(found) {}

void Receiver::on_opened() {
    link_.say(R"(?WATCH={"enable":true,"json":true};)");
}

void Receiver::on_line(std::string_view line) {
    const auto fix = read_fix(line);
    if (!fix) return;
    link_.settle();
    sees_ = true;
    // Not what is older: a receiver whose clock was wrong for once would be deaf from then on, and
    // which of two is newer decides the server.
    if (std::exchange(last_, fix->time) != fix->time) found_(*fix);
}

void Receiver::on_lost() {
    sees_ = false;
    link_.dial();
}

}  // namespace herd::gps
