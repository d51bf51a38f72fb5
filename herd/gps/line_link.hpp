#pragma once

#include "reactor/address.hpp"
#include "reactor/connector.hpp"
#include "reactor/delegate.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/seal.hpp"
#include "reactor/socket.hpp"
#include "reactor/stream.hpp"
#include "reactor/wire.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace herd::gps {

// A connection to one address on which lines go both ways, and which is dialled until it is there.
//
//   idle --dial()--> dialling --> shaking, with a seal --> open --its end--> idle, and `lost`
//                       ^  \-- refused, and a pause --+
//                       +-----------------------------+
//
// Each dial but the first waits for a pause, which grows until somebody says settle(): so who
// accepts us only to drop us is not dialled all the time. Lines of more than line_max bytes are
// skipped. Pinned; the wire, and whoever is told, outlive it.
class LineLink final : public reactor::StreamEvents {
public:
    static constexpr std::size_t line_max = std::size_t{32} << 10;
    static constexpr reactor::Connector::Pace pace{.pause_min = std::chrono::milliseconds(100),
                                                   .pause_max = std::chrono::seconds(5),
                                                   .dial_max = std::chrono::seconds(10)};

    struct Events {
        reactor::Delegate<void()> opened;
        reactor::Delegate<void(std::string_view line)> heard;  // The view dies when it returns.
        reactor::Delegate<void()> lost;                        // It may dial() again.
    };
    // How it is sealed; with null it is not.
    struct Sealing {
        reactor::Handshakes* handshakes = nullptr;  // Outlive it.
        reactor::Delegate<reactor::SealPtr()> make_seal = {};
    };

    LineLink(reactor::Wire& wire,
             const reactor::Address& address,
             const Events& events,
             const Sealing& sealing);
    ~LineLink() { cancel(); }

    // Only while idle.
    void dial();
    bool idle() const { return !wanted_; }
    bool is_open() const { return stream_.has_value() && !stream_->dead(); }
    // Of an open one; the line has no end yet.
    void say(std::string_view line);
    // It has proved useful.
    void settle() { connector_.settle(); }
    // Ends an open one. `why` is for people.
    void drop(std::string_view why);
    // Ends it for good: what has been said still goes out, and nobody is told of anything.
    void leave();
    // Everything has gone out, or cannot.
    bool gone() const { return !stream_.has_value(); }

    // Why it is not open, as far as that is known; of one that is open: empty.
    std::string_view trouble() const;

private:
    void on_connected(reactor::Socket socket);
    void on_refused(const reactor::Handshakes::Refusal& refusal);
    void open(reactor::Socket socket, reactor::SealPtr seal);
    void note(std::string_view why);
    void fail(std::string_view why);
    void cancel();
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_seal_broken(std::string_view why) override { note(why); }
    void on_closed(reactor::Closed why) override;

    reactor::Wire& wire_;
    const Events events_;
    const Sealing sealing_;
    reactor::Connector connector_;
    reactor::Handshakes::Door door_;
    reactor::Handshakes::Id handshake_;  // Between connected and open.
    std::optional<reactor::Stream> stream_;
    std::string trouble_;
    std::uint64_t attempts_ = 0;  // When that came.
    bool wanted_ = false;
    bool dialled_ = false;
    bool skipping_ = false;  // The rest of a line that is too long.
    bool leaving_ = false;
};

}  // namespace herd::gps
