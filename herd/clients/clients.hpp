#pragma once

#include "herd/access/secret.hpp"
#include "herd/clients/admissions.hpp"
#include "herd/clients/host.hpp"
#include "herd/clients/session.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/near/searches.hpp"
#include "herd/outcome.hpp"
#include "herd/watch/status.hpp"
#include "reactor/acceptor.hpp"
#include "reactor/address.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/listener.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/socket.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace herd::clients {

// The client port of one server and all sessions on it. Owned by the Server; what it is given
// outlives it.
//
// With the last slot taken somebody goes, as Session::Standing says, so that the next one finds it
// free. Those who have never said a valid command have an eighth of the slots at least: so they
// push out no one who has, and yet a newcomer gets as far as its first line. Of equals, the one
// goes whose address has most connections, and of these the oldest.
//
// The address with most connections is a *crowd* where it has more than a 64th of the slots, and
// more than eight. Nobody else goes for want of a slot while the crowd has more than four times as
// many as the other's address: one of the crowd does, however busy, those to whom an answer is owed
// last. Where all of the crowd are busy, its own newcomers go. So whoever fills the slots, and says
// whatever he likes on each, does it at his own cost; and yet a whole town behind one address has
// all slots but that one, while nobody else wants them. The one exception are newcomers beyond
// their eighth: they would push out a town.
//
// Without a crowd, and with all busy, newcomers wait in the kernel's queue.
//
// When a block is wanted and there is none, the connection that holds most goes.
class Clients final : public follow::Outlet {
public:
    static constexpr std::uint32_t newcomers_share = 8;
    static constexpr std::uint32_t crowd_share = 64;  // what makes a crowd
    static constexpr std::uint32_t crowd_min = 8;
    static constexpr std::uint32_t crowd_factor = 4;  // as many as others have

    Clients(Core& core, places::Places& places, links::Barrier& barrier, intake::Intake& intake);

    // Bytes that map() may map.
    static std::uint64_t memory_max(const config::Config& config);
    // Once, first, when the table has been opened. Fails with ENOMEM.
    reactor::Result<void> map();
    // Once, before listen(): from here on clients may do what their tokens grant, and nothing else.
    Outcome<> limit_access(const config::Access& access);
    // From now on tokens are those of this secret. What those of others have granted is over: so
    // many grants.
    std::uint32_t renew(access::Secret secret) { return admissions_.renew(std::move(secret)); }
    // Once; port 0 takes a free one. Nowhere, of a bridge that takes none.
    Outcome<> listen(const config::Server& self);
    // Where it listens, if it does; the second for those who speak TLS.
    const reactor::Address& address() const { return address_; }
    const std::optional<reactor::Address>& tls_address() const { return tls_address_; }

    // About once a second.
    void tick();
    // Takes nobody any more; what has been received is answered, then each ends.
    void drain();

    // Asserts what must hold between calls. For tests.
    void check() const;

    // In the flush, behind what is flooded: tells those who follow something.
    void push() {
        if (following_) following_->push();
    }

    // Adds what it knows.
    void describe(watch::Status& status) const;

    // Who tells of changes; null: nobody does, as no index of places is kept.
    near::Searches* searches() const { return host_.searches; }
    follow::Switchboard* following() { return following_ ? &*following_ : nullptr; }

    std::uint32_t size() const { return acceptor_.size(); }
    std::uint32_t subscriptions() const { return following_ ? following_->subscriptions() : 0; }

private:
    struct Candidate;

    bool handshake_room() const;
    void on_tls_accepted(reactor::Socket socket);
    void on_shaken(reactor::Socket socket, reactor::SealPtr seal);
    bool has_room() const { return acceptor_.has_room(); }
    void on_freed();
    reactor::SealPtr make_seal();
    void make_room_for_seal();
    void on_refused(const reactor::Handshakes::Refusal&) {}
    Session* make(reactor::Slab<Session>& slots, const reactor::Socket& socket);
    void on_full();
    void on_ended(Session& session);
    // Among all, or those only that have a seal.
    enum class Among : std::uint8_t { all, sealed };
    bool evict(Among among);
    static bool counts(Among among, const Session& session) {
        return among == Among::all || session.sealed();
    }
    Candidate choose(Among among);
    Candidate candidate(Session& session, std::uint32_t members);
    bool has_just_come(std::uint16_t number) const;
    void on_again();
    bool relieve();
    void tell();
    std::uint16_t group_of(const reactor::Socket& socket);

    std::uint32_t slot_of(const Session& session) const { return acceptor_.index(session); }
    Flow flow(std::uint32_t session, std::size_t size) const override {
        return acceptor_[session].flow(size);
    }
    std::span<char> reserve(std::uint32_t session, std::size_t size) override {
        return acceptor_[session].reserve(size);
    }
    void commit(std::uint32_t session, std::string_view text) override {
        acceptor_[session].push(text);
    }
    bool may_hear(std::uint32_t session, std::string_view client) const override;
    bool may_hear(std::uint32_t session) const override;

    Host host_;
    Admissions admissions_;
    std::optional<follow::Switchboard> following_;  // Outlives the sessions.
    near::Searches searches_;
    reactor::Acceptor<Session> acceptor_;
    const Session* newest_ = nullptr;  // Has had no time to say anything; null once it has ended.
    std::uint16_t arrivals_ = 0;
    // Those who came in the iteration of this time, behind these, have had no time to be heard.
    reactor::Instant iteration_{};
    std::uint16_t arrivals_before_ = 0;
    reactor::Timer again_;  // Every slot was theirs.
    reactor::Address address_;
    reactor::Listener tls_listener_;
    reactor::Handshakes::Door tls_door_;
    std::optional<reactor::Address> tls_address_;
    std::uint64_t told_evicted_ = 0;  // The counters as the log has them.
    std::uint64_t told_relieved_ = 0;
    std::uint64_t told_newcomers_ = 0;
    std::uint64_t told_full_ = 0;
    std::uint64_t told_long_ = 0;
    bool draining_ = false;
};

}  // namespace herd::clients
