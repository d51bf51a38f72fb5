#include "herd/clients/admissions.hpp"

#include "herd/access/token.hpp"
#include "herd/clients/session.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <utility>

namespace herd::clients {

Admissions::Admissions(Core& core, SlotOf slot_of)
    : core_(core),
      slot_of_(slot_of),
      timer_(core.loop, reactor::Delegate<void()>::to<&Admissions::on_due>(*this)) {}

std::uint64_t Admissions::memory_max(const config::Limits& limits) {
    return std::uint64_t{limits.connections} *
           (reactor::Slab<Admission>::slot_size + sizeof(std::uint32_t));
}

Outcome<> Admissions::open(const config::Access& config) {
    assert(!secret_);
    assert(!config.secret_file.empty());
    auto secret = access::Secret::read(config.secret_file);
    if (!secret) return std::unexpected("access." + secret.error());
    reactor::sys::forbid_dumps();
    secret_ = std::move(*secret);
    in_the_clear_ = config.in_the_clear;
    const std::uint32_t connections = core_.limits.connections;
    if (const auto mapped = slots_.map(connections); !mapped) {
        return failure("cannot map memory", mapped.error());
    }
    auto places = reactor::PageArray<std::uint32_t>::map(connections);
    if (!places) return failure("cannot map memory", places.error());
    places_ = std::move(*places);
    return {};
}

std::uint32_t Admissions::renew(access::Secret secret) {
    secret_ = std::move(secret);
    std::uint32_t ended = 0;
    slots_.for_each([&](Admission& each) {
        if (!each.grant || each.grant->is_revoked() || secret_.has(each.grant->key)) return;
        each.grant->revoke();
        ++ended;
    });
    return ended;
}

Admission* Admissions::find(const Session& session) const {
    const std::uint32_t place = places_[slot_of_(session)];
    return place == 0 ? nullptr : &slots_[place - 1];
}

bool Admissions::listens_to(const reactor::Result<reactor::Address>& from) {
    if (in_the_clear_ || (from && from->is_loopback())) return true;
    ++core_.counters.tokens_in_the_clear;
    refuse("in_the_clear", from);
    return false;
}

const access::Grant* Admissions::admit(Session& session,
                                       const protocol::Auth& auth,
                                       const reactor::Result<reactor::Address>& from,
                                       std::int64_t now_s) {
    Admission* admission = find(session);
    if (admission == nullptr) {
        admission = slots_.emplace(session);
        assert(admission != nullptr);  // There is room for one of each session.
        places_[slot_of_(session)] = slots_.index(*admission) + 1;
    }
    assert(&admission->session == &session);
    assert(!admission->linked());
    auto granted = access::check(secret_, auth.token, now_s);
    const auto pattern = access::Pattern::parse(auth.pattern);
    const bool covered = granted && pattern && granted->pattern.covers(*pattern);
    if (covered) {
        granted->pattern = *pattern;
        admission->grant = *granted;
        return &*admission->grant;
    }
    ++admission->wrong;
    const bool expired = !granted && granted.error() == access::Fault::expired;
    ++(expired ? core_.counters.tokens_expired : core_.counters.tokens_wrong);
    refuse(granted ? "pattern" : to_text(granted.error()), from);
    return nullptr;
}

void Admissions::refuse(std::string_view why, const reactor::Result<reactor::Address>& from) {
    std::array<char, reactor::address_text_size_max> text{};
    core_.log.event(Level::warning, "token_refused")
        .field("why", why)
        .field("from", from ? from->text(text) : "nowhere");
}

bool Admissions::refuse_later(Session& session, std::string_view line) {
    Admission* const admission = find(session);
    assert(admission != nullptr);
    assert(admission->refused.empty());
    reactor::Wire& wire = core_.wire;
    bool kept = admission->refused.append(wire.blocks(), line, false);
    while (!kept && wire.make_room()) {
        kept = admission->refused.append(wire.blocks(), line, false);
    }
    if (!kept) return false;
    admission->due = core_.loop.now() + delay;
    refusing_.push_back(*admission);
    if (!timer_.pending()) timer_.start_at(admission->due);
    return true;
}

bool Admissions::is_refusing(const Session& session) const {
    const Admission* const admission = find(session);
    return admission != nullptr && admission->linked();
}

void Admissions::on_due() {
    assert(!timer_.pending());
    int left = refusals_per_turn;
    while (Admission* const first = refusing_.front()) {
        if (left == 0 || first->due > core_.loop.now()) return timer_.start_at(first->due);
        --left;
        first->unlink();
        first->session.on_refused(*first);
    }
}

bool Admissions::allows(const Session& session,
                        std::string_view client,
                        access::Right right,
                        std::int64_t now_s) {
    const Admission* const admission = find(session);
    const bool granted = admission != nullptr && admission->grant.has_value() &&
                         admission->grant->allows(client, right);
    const bool expired = granted && admission->grant->expired(now_s);
    if (granted && !expired) return true;
    deny(client, right, expired ? &*admission->grant : nullptr);
    return false;
}

const access::Pattern* Admissions::scope(const Session& session,
                                         access::Right right,
                                         std::string_view client,
                                         std::int64_t now_s) {
    const Admission* const admission = find(session);
    const bool granted = admission != nullptr && admission->grant.has_value() &&
                         admission->grant->rights.has(right) &&
                         (client.empty() || admission->grant->pattern.covers(client));
    const bool expired = granted && admission->grant->expired(now_s);
    if (granted && !expired) return &admission->grant->pattern;
    deny(client, right, expired ? &*admission->grant : nullptr);
    return nullptr;
}

void Admissions::deny(std::string_view client, access::Right right, const access::Grant* lapsed) {
    ++(lapsed != nullptr ? core_.counters.access_expired : core_.counters.access_denied);
    std::string_view why = "not_granted";
    if (lapsed != nullptr) why = lapsed->is_revoked() ? "revoked" : "expired";
    core_.log.event(Level::warning, "access_denied")
        .field("client", client)
        .field("right", to_text(right))
        .field("why", why);
}

bool Admissions::may(const Session& session,
                     std::string_view client,
                     access::Right right,
                     std::int64_t now_s) const {
    const Admission* const admission = find(session);
    return admission != nullptr && admission->grant.has_value() &&
           admission->grant->allows(client, right) && !admission->grant->expired(now_s);
}

bool Admissions::stands(const Session& session, std::int64_t now_s) const {
    const Admission* const admission = find(session);
    return admission != nullptr && admission->grant.has_value() &&
           !admission->grant->expired(now_s);
}

void Admissions::forget(const Session& session) {
    Admission* const admission = find(session);
    if (admission == nullptr) return;
    assert(&admission->session == &session);
    places_[slot_of_(session)] = 0;
    admission->refused.clear(core_.wire.blocks());
    if (admission->linked()) admission->unlink();
    slots_.release(*admission);
}

void Admissions::check() const {
    slots_.check();
    const Admission* before = nullptr;
    for (const Admission* each = refusing_.front(); each != nullptr; each = refusing_.next(*each)) {
        assert(before == nullptr || before->due <= each->due);
        assert(!each->refused.empty());
        assert(find(each->session) == each);
        before = each;
    }
    assert(refusing_.empty() || timer_.pending());
    slots_.for_each([&](const Admission& each) {
        assert(each.linked() || each.refused.empty());
        assert(each.wrong <= wrong_max);
        each.refused.check(core_.wire.blocks());
    });
}

}  // namespace herd::clients
