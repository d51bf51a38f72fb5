#pragma once

#include "herd/core.hpp"
#include "herd/places.hpp"
#include "protocol/command.hpp"
#include "reactor/blocks.hpp"
#include "reactor/delegate.hpp"
#include "reactor/socket.hpp"
#include "reactor/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace herd {

// One client's connection: commands in, one answer each, in order. While a WHATSAT waits for the
// Places service, or a SYNC for the neighbours, nothing further is read; everything else is
// answered in the batch it came in.
//
//   reading --WHATSAT, SYNC--> waiting --answer--> reading
//      |  \--line too long--> skipping --its end--> reading
//      +--end of input, all answered--> finishing --> closed
//
// Lives in the Server's slab from accept until `closed` is called.
class ClientSession final : public reactor::StreamEvents {
public:
    using Ended = reactor::Delegate<void(ClientSession&)>;

    ClientSession(Core& core, Ended ended);
    ~ClientSession();

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
    void on_places(std::string_view json);
    void answer_now(std::string_view at_line, std::string_view json);
    void send_places(std::span<char> out,
                     std::size_t at_size,
                     std::string_view json,
                     std::uint32_t bound);
    void sent(std::size_t size, const char* text);
    void on_synced(bool reached);
    void tell_reach();
    void answered_late();
    // Something that it asked for is still to come; until then nothing further is read.
    bool waits() const { return ticket_ || syncing_; }

    Core& core_;
    Ended ended_;
    reactor::Stream stream_;
    std::int64_t received_ns_ = 0;  // Wall clock, when the present batch was read.
    PlacesTicket ticket_;           // Of the WHATSAT that waits.
    reactor::BlockChain at_line_;   // What it will be answered with, before the places.
    std::uint32_t bound_ = 0;
    bool syncing_ = false;  // Waits at the barrier.
    bool skipping_ = false;
    bool draining_ = false;
};

}  // namespace herd
