#pragma once

#include "herd/core.hpp"
#include "herd/places/places.hpp"
#include "protocol/command.hpp"
#include "reactor/blocks.hpp"
#include "reactor/delegate.hpp"
#include "reactor/slab.hpp"
#include "reactor/socket.hpp"
#include "reactor/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace herd::clients {

class Session;

// A WHATSAT that waits for the Places service.
struct Question {
    places::Ticket ticket;
    reactor::BlockChain at_line;  // What it will be answered with, before the places.
    std::uint32_t bound = 0;
};
using Questions = reactor::Slab<Question>;

// What the sessions of one server share; outlives them.
struct ClientHost {
    reactor::Delegate<void(Session&)> ended;  // Releases the session.
    Questions questions{};                    // Room for one of each session.
    std::int64_t received_ns = 0;             // Wall clock, when the batch at hand was read.
};

// One client's connection: commands in, one answer each, in order. While a WHATSAT waits for the
// Places service, or a SYNC for the neighbours, nothing further is read; everything else is
// answered in the batch it came in.
//
//   reading --WHATSAT, SYNC--> waiting --answer--> reading
//      |  \--line too long--> skipping --its end--> reading
//      +--end of input, all answered--> finishing --> closed
//
// Lives in the Server's slab from accept until the host's `ended` is called. Most of them are idle:
// what only a busy one needs stands with the host.
class Session final : public reactor::StreamEvents {
public:
    explicit Session(Core& core);
    ~Session();

    reactor::Result<void> open(reactor::Socket socket) { return stream_.open(std::move(socket)); }

    // Closes it when a limit says so. `now` in Wire::seconds.
    void check(std::uint32_t now);
    // What has been received is answered, then it ends.
    void drain();

    // Seconds for which it has neither begun nor been owed anything; nothing when it has.
    std::uint32_t idle_seconds(std::uint32_t now) const;
    void evict() { stream_.abort(); }

private:
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_drained() override;
    void on_closed(reactor::Closed why) override;

    std::size_t read_lines(std::string_view bytes, std::size_t seen, bool ended);
    using Line = CommandGroup::Line;
    void command(const Line& line);
    void report(const Line& line, const protocol::IamAt& iamat);
    void question(const Line& line, const protocol::WhatsAt& whatsat);
    void sync(std::string_view line);
    void invalid(std::string_view line);
    void too_long(std::string_view line);
    bool ask(std::string_view at_line, const protocol::PlacesQuery& query, std::uint32_t bound);
    void forget_question();
    void on_places(const protocol::CutPlaces& answer);
    void answer_now(std::string_view at_line, std::string_view json);
    void send_places(std::span<char> out,
                     std::size_t at_size,
                     const protocol::CutPlaces& answer,
                     std::uint32_t bound);
    void sent(std::size_t size, const char* text);
    void on_synced(bool reached);
    void tell_reach();
    void answered_late();
    // Something that it asked for is still to come; until then nothing further is read.
    bool waits() const { return asks() || syncing_; }
    bool asks() const { return question_ != Questions::none; }

    Core& core_;
    reactor::Stream stream_;
    std::uint32_t question_ = Questions::none;  // Of the host's: the WHATSAT that waits.
    bool syncing_ = false;                      // Waits at the barrier.
    bool skipping_ = false;
    bool draining_ = false;
};

}  // namespace herd::clients
