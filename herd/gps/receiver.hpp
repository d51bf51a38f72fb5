#pragma once

#include "herd/gps/fix.hpp"
#include "herd/gps/line_link.hpp"
#include "protocol/posix_time.hpp"
#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/wire.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::gps {

// Hears gpsd, for as long as it takes, and says where its receiver is: once for each time, as gpsd
// says some twice, as each of a receiver's sentences comes. Pinned; the wire, and whoever is told,
// outlive it.
class Receiver {
public:
    using Found = reactor::Delegate<void(const Fix& fix)>;

    Receiver(reactor::Wire& wire, const reactor::Address& gpsd, Found found);

    void start() { link_.dial(); }
    void leave() { link_.leave(); }

    const LineLink& link() const { return link_; }
    // Whether it knows where it is: on this connection there was a fix.
    bool sees() const { return sees_; }

private:
    void on_opened();
    void on_line(std::string_view line);
    void on_lost();

    LineLink link_;
    Found found_;
    std::optional<protocol::PosixTime> last_;
    bool sees_ = false;
};

}  // namespace herd::gps
