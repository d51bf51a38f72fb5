#pragma once

#include "herd/access/grant.hpp"
#include "herd/clients/host.hpp"
#include "protocol/command.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace herd::clients {

// One client's connection: commands in, one answer each, in order. While a WHATSAT waits for the
// Places service, a SYNC for the neighbours, a NEARBY for its next turn, or a wrong AUTH for its
// refusal, nothing further is read; everything else is answered in the batch it came in.
//
//   reading --WHATSAT, SYNC, NEARBY, AUTH--> waiting --answer--> reading
//      |  \--line too long--> skipping --its end--> reading
//      +--end of input, all answered--> finishing --> closed
//
// Lives in the slab of Clients from accept until the host's `ended` is called.
class Session final : public reactor::StreamEvents {
public:
    // What decides which of two that stand alike goes: the network it comes from, as a number below
    // `groups`, and its own number, of all that ever came. That wraps, which does no harm: it is
    // asked only of those who have stood like that since the same second.
    struct Arrival {
        std::uint16_t number = 0;
        std::uint16_t group = 0;
    };
    static constexpr std::uint32_t groups = 4096;

    explicit Session(Host& host) : Session(host, {}) {}
    Session(Host& host, Arrival arrival);
    ~Session();

    reactor::Result<void> open(reactor::Socket socket, reactor::SealPtr seal = {}) {
        return stream_.open(std::move(socket), std::move(seal));
    }

    // About once a second: closes it when a limit says so.
    void tick();
    // What has been received is answered, then it ends.
    void drain();

    // How well it uses its slot: the first of these lose theirs first. From `leaving` on they keep
    // it, unless their group has far more than its share.
    enum class Standing : std::uint8_t {
        silent,     // has said nothing for a second at least
        beginning,  // has just come, or has said half of its first command
        invalid,    // has never said a valid command
        stalled,    // has; now half a command, or unread answers, for a second at least
        idle,       // has; now nothing, for a second at least
        leaving,    // has had its last answer; linger_ms ends that
        busy,       // has said a valid command within this second
        owed,       // an answer is still to come, or was not read within this second
        gone,       // its slot is as good as free
    };
    // `now` in Wire::seconds.
    Standing standing(std::uint32_t now) const;
    // Since when it stands like that.
    std::uint32_t since() const { return stream_.waiting_since(); }
    // Bytes of it that stand in borrowed blocks.
    std::size_t borrowed() const { return stream_.borrowed(); }
    void evict() { stream_.abort(); }
    bool sealed() const { return stream_.sealed(); }
    Arrival arrival() const {
        return {.number = static_cast<std::uint16_t>(number_),
                .group = static_cast<std::uint16_t>(group_)};
    }
    // Whether it takes what is pushed, and `size` bytes of it now.
    follow::Outlet::Flow flow(std::size_t size) const;
    std::span<char> reserve(std::size_t size) { return stream_.reserve(size); }
    void push(std::string_view text);
    // A WHATSAT of its waits for the Places service.
    bool asks() const { return question_ < searching; }
    // The line of a wrong token is to be answered now.
    void on_refused(Admission& admission);
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_drained() override;
    void on_closed(reactor::Closed why) override;

    std::size_t read_lines(std::string_view bytes, std::size_t seen, bool ended);
    std::size_t read_rest(std::string_view rest, bool ended);
    using Line = CommandBatch::Line;
    void command(const Line& line);
    void report(const Line& line, const protocol::IamAt& iamat);
    void question(const Line& line, const protocol::WhatsAt& whatsat);
    void sync(std::string_view line);
    void follow(const Line& line, const protocol::Follow& wanted);
    void unfollow(const Line& line, const protocol::Unfollow& over);
    bool follows() const;
    void nearby(const Line& line, const protocol::Nearby& nearby);
    void on_found(near::Search& search);
    void tell_near(std::span<const geo::Nearest::Found> found);
    void authenticate(const Line& line, const protocol::Auth& auth);
    bool allowed(std::string_view client, access::Right right) const;
    bool refusing() const;
    // Wall clock, when the batch at hand was read; since 1970.
    std::int64_t received_s() const { return host_.received_ns / 1'000'000'000; }
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
    bool waits() const { return question_ != Questions::no_index || syncing_ || refusing(); }

    // In place of a question: a NEARBY waits.
    static constexpr std::uint32_t searching = Questions::no_index - 1;

    Host& host_;
    reactor::Stream stream_;
    std::uint32_t question_ = Questions::no_index;  // Of the host's: the WHATSAT that waits.
    const std::uint32_t number_ : 16;               // Its Arrival.
    const std::uint32_t group_ : 12;
    bool syncing_ : 1 = false;  // Waits at the barrier.
    bool skipping_ : 1 = false;
    bool proven_ : 1 = false;  // Has said a valid command.
    bool draining_ : 1 = false;
};

static_assert(sizeof(Session) <= 88);  // Each connection has one.

}  // namespace herd::clients
