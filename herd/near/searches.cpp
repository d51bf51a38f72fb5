#include "herd/near/searches.hpp"

#include "reactor/sys.hpp"

#include <cassert>

namespace herd::near {

Search::Search(const Core& core, const Wanted& wanted, const void* owner, Done done)
    : owner_(owner),
      done_(done),
      crowd_(core.table, wanted.scope, core.ttl_ns),
      nearest_(*core.table.positions(),
               crowd_,
               wanted.centre,
               wanted.radius_mm / 1000.0,
               std::span(room_).first(wanted.bound)) {}

Searches::Searches(Core& core)
    : core_(core),
      turn_(core.loop,
            reactor::Phase::work,
            reactor::Delegate<void()>::to<&Searches::on_turn>(*this)) {}

std::uint64_t Searches::memory_max(const config::Limits& limits) {
    return limits.searches * std::uint64_t{reactor::Slab<Search>::slot_size};
}

Search* Searches::begin(const Wanted& wanted, const void* owner, Search::Done done) {
    assert(owner != nullptr);
    assert(wanted.bound <= protocol::nearby_bound_max);
    Search* const search = slots_.emplace(core_, wanted, owner, done);
    if (search == nullptr) ++core_.counters.searches_refused;
    return search;
}

void Searches::wait(Search& search) {
    ++core_.counters.searches_waited;
    waiting_.push_back(search);
    turn_.post();
}

void Searches::end(Search& search) {
    if (search.linked()) search.unlink();
    slots_.release(search);
}

void Searches::cancel(const void* owner) {
    slots_.for_each([&](Search& search) {
        if (search.owner_ == owner) end(search);
    });
}

void Searches::on_turn() {
    Search* const search = waiting_.pop();
    if (search == nullptr) return;
    std::uint32_t visits = core_.limits.visits_per_turn;
    if (search->run(reactor::sys::wall_ns(), visits)) {
        search->done_(*search);
    } else {
        waiting_.push_back(*search);
    }
    if (!waiting_.empty()) turn_.post();
}

void Searches::check() const {
    slots_.check();
    std::uint32_t waiting = 0;
    for (const Search* each = waiting_.front(); each != nullptr; each = waiting_.next(*each)) {
        ++waiting;
    }
    // None goes on behind the back of who asked for it.
    assert(waiting == slots_.size());
    assert(waiting == 0 || turn_.linked());
}

}  // namespace herd::near
