#pragma once

#include "herd/access/grant.hpp"
#include "herd/access/secret.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/outcome.hpp"
#include "protocol/command.hpp"
#include "reactor/address.hpp"
#include "reactor/blocks.hpp"
#include "reactor/delegate.hpp"
#include "reactor/list.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/timer.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::clients {

class Session;

// What the tokens of one connection have come to.
struct Admission : reactor::ListItem<Admission> {
    explicit Admission(Session& owner) : session(owner) {}

    Session& session;
    std::optional<access::Grant> grant;  // that of the latest token that was right
    reactor::BlockChain refused;         // While it is linked: the line to be answered with "?".
    reactor::Instant due{};              // When that is.
    std::uint8_t wrong = 0;              // tokens, so far
};

// Where access is limited: what each connection of a client may do. Owned by Clients, whose
// sessions it outlives.
//
// A connection has an Admission from its first AUTH to its end, and there is room for one each: so
// no stranger takes another's. Those without have four bytes.
//
// A wrong token is answered after `delay`, and nothing further is read of that client until then.
// All wait equally long, so they are a queue, with one timer.
class Admissions {
public:
    static constexpr reactor::Duration delay = std::chrono::seconds(1);
    static constexpr std::uint8_t wrong_max = 3;  // Then the connection ends.

    // Of a session's slot.
    using SlotOf = reactor::Delegate<std::uint32_t(const Session&)>;

    Admissions(Core& core, SlotOf slot_of);

    // Bytes that open() maps.
    static std::uint64_t memory_max(const config::Limits& limits);
    // Reads the secret. Once; without it there is no use of the rest.
    Outcome<> open(const config::Access& config);

    // From now on tokens are those of this secret. What those of others have granted is over: so
    // many grants.
    std::uint32_t renew(access::Secret secret);

    // Whether tokens may travel unsealed: over loopback, or anyhow if that is configured.
    bool listens_to(const reactor::Result<reactor::Address>& from);
    // What the token grants from now on, cut down to the pattern; null: it is wrong, and what was
    // granted before stays.
    const access::Grant* admit(Session& session,
                               const protocol::Auth& auth,
                               const reactor::Result<reactor::Address>& from,
                               std::int64_t now_s);
    // Has Session::on_refused called after `delay`. False: there is no block to keep the line in.
    bool refuse_later(Session& session, std::string_view line);
    bool is_refusing(const Session& session) const;

    // Whether it may do that with this client. If not, it is counted and logged.
    bool allows(const Session& session,
                std::string_view client,
                access::Right right,
                std::int64_t now_s);

    // The same without a word.
    bool may(const Session& session,
             std::string_view client,
             access::Right right,
             std::int64_t now_s) const;
    // Whether what it was granted is still good.
    bool stands(const Session& session, std::int64_t now_s) const;
    // With whom it may do that, until the session's next AUTH; null, which is counted and logged:
    // with nobody, or not with this client, if there is one.
    const access::Pattern* scope(const Session& session,
                                 access::Right right,
                                 std::string_view client,
                                 std::int64_t now_s);

    // Of a session that ends.
    void forget(const Session& session);

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    // How many refusals leave in one iteration.
    static constexpr int refusals_per_turn = 64;

    Admission* find(const Session& session) const;
    void refuse(std::string_view why, const reactor::Result<reactor::Address>& from);
    // `lapsed`: it was granted; null: it never was.
    void deny(std::string_view client, access::Right right, const access::Grant* lapsed);
    void on_due();

    Core& core_;
    SlotOf slot_of_;
    access::Secret secret_;
    bool in_the_clear_ = false;
    mutable reactor::Slab<Admission> slots_;
    // By the session's slot: one more than the place in slots_; 0: none.
    reactor::PageArray<std::uint32_t> places_;
    reactor::List<Admission> refusing_;  // In the order of `due`.
    reactor::Timer timer_;               // Of the first.
};

}  // namespace herd::clients
