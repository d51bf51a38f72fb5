#include "reactor/handshakes.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

namespace reactor {

Handshakes::Handshake::~Handshake() {
    if (linked()) unlink();
}

Handshakes::Handshakes(Loop& loop, const Limits& limits, void (*leave)(void*))
    : loop_(loop),
      limits_(limits),
      helper_(loop, Delegate<void(const sys::Errand&)>::to<&Handshakes::on_done>(*this)),
      leave_(leave) {
    assert(limits.slots > limits.shaking);
}

// What was asked is waited for: the helper works on memory that dies here.
Handshakes::~Handshakes() {
    ending_ = true;
    await_helper();
    if (leave_ == nullptr || slots_.capacity() == 0) return;
    helper_.ask({.what = sys::Errand::What::call, .function = leave_});
    await_helper();
}

void Handshakes::await_helper() {
    while (!helper_.idle() && helper_.await(std::chrono::seconds(1))) {
    }
}

Result<void> Handshakes::open() {
    if (auto mapped = slots_.map(limits_.slots); !mapped) return mapped;
    return helper_.open(sys::Priority::low);
}

void Handshakes::accept(Socket socket, const Door& door) {
    Handshake* const handshake = begin(std::move(socket), door);
    if (handshake == nullptr) return;
    handshake->from = sys::peer_address(handshake->socket.fd()).value_or(Address{});
    handshake->accepted = true;
    gathering_.push_back(*handshake);
}

Handshakes::Id Handshakes::dial(Socket socket, SealPtr seal, const Door& door) {
    assert(seal != nullptr);
    Handshake* const handshake = begin(std::move(socket), door);
    if (handshake == nullptr) return {};
    handshake->seal = std::move(seal);
    ++shaking_;
    const Id id = slots_.handle(*handshake);
    make_ready(*handshake);
    return id;
}

void Handshakes::cancel(Id id) {
    Handshake* const handshake = slots_.find(id);
    if (handshake == nullptr) return;
    if (handshake->state == State::asked) {
        handshake->state = State::cancelled;
        return;
    }
    drop(*handshake);
    ask_next();
}

Handshakes::Handshake* Handshakes::begin(Socket socket, const Door& door) {
    if (slots_.full() && !make_room(door)) return nullptr;
    ++counters_.begun;
    Handshake* const handshake = slots_.emplace(*this, door);
    assert(handshake != nullptr);
    handshake->socket = std::move(socket);
    handshake->end = loop_.now() + limits_.whole;
    if (watch(*handshake, Interest::read)) return handshake;
    slots_.release(*handshake);
    return nullptr;
}

// Anew each time: of a connection that has been reset the kernel would tell even who wants nothing.
bool Handshakes::watch(Handshake& handshake, Interest interest) {
    handshake.watch.stop();
    auto watch =
        loop_.watch(handshake.socket.fd(), interest, Handler::to<&Handshake::on_ready>(handshake));
    if (!watch) return false;
    handshake.watch = std::move(*watch);
    return true;
}

bool Handshakes::takes(const Door& door) {
    if (!slots_.full() || displaceable(door) != nullptr) return true;
    ++counters_.held_back;
    return false;
}

const Handshakes::Handshake* Handshakes::displaceable(const Door& door) const {
    if (const Handshake* const oldest = shut_out_.front(); oldest != nullptr && has_room(door)) {
        return oldest;
    }
    const Handshake* const silent = gathering_.front();
    const auto since = [&] { return silent->end - limits_.whole; };
    if (silent != nullptr && (door.goes_first || loop_.now() - since() >= limits_.told_min)) {
        return silent;
    }
    return door.goes_first ? greeted_.front() : nullptr;
}

bool Handshakes::make_room(const Door& door) {
    ++counters_.displaced;
    const Handshake* const goes = displaceable(door);
    if (goes == nullptr) return false;
    drop(slots_[slots_.index(*goes)]);
    return true;
}

void Handshakes::on_ready(Handshake& handshake, Ready) {
    switch (handshake.state) {
        case State::gathering:
            return gather(handshake);
        case State::waiting:
            handshake.unlink();
            if (handshake.shaken == Seal::Shaken::wants_little) return step_here(handshake);
            return make_ready(handshake);
        case State::lingering:
            return discard(handshake);
        case State::greeted:
        case State::ready:
        case State::asked:
        case State::done:
        case State::cancelled:
            assert(false);  // Not watched.
    }
}

void Handshakes::make_ready(Handshake& handshake) {
    handshake.state = State::ready;
    handshake.watch.stop();
    ready_.push_back(handshake);
    ask_next();
}

Handshakes::Handshake* Handshakes::next_greeted() {
    const auto next = [&](List<Handshake>& greeted, std::uint32_t kept) -> Handshake* {
        while (Handshake* const wants = greeted.front()) {
            if (has_room(wants->door)) {
                const bool place = shaking_ + kept < limits_.shaking || free_place(*wants);
                return place ? greeted.pop() : nullptr;
            }
            wants->unlink();
            shut_out_.push_back(*wants);
        }
        return nullptr;
    };
    if (Handshake* const first = next(greeted_first_, 0)) return first;
    return next(greeted_, limits_.shaking / 4);
}

std::uint32_t Handshakes::waiting_from(const Address& from) const {
    std::uint32_t count = 0;
    for (const Handshake* each = waiting_.front(); each != nullptr; each = waiting_.next(*each)) {
        count += each->accepted && each->from.network() == from.network() ? 1U : 0U;
    }
    return count;
}

bool Handshakes::free_place(const Handshake& wants) {
    const std::uint32_t has = waiting_from(wants.from);
    Handshake* goes = nullptr;
    std::uint32_t most = 0;
    for (Handshake* each = waiting_.front(); each != nullptr; each = waiting_.next(*each)) {
        if (!each->accepted || (each->door.goes_first && !wants.door.goes_first)) continue;
        const std::uint32_t members = waiting_from(each->from);
        const bool slow = loop_.now() - each->waits_since > limits_.patience;
        if (members <= most || !(slow || members > has + 1)) continue;
        goes = each;
        most = members;
    }
    if (goes == nullptr) return false;
    ++counters_.displaced;
    goes->door.refused({goes->socket, "others wait for its place"});
    drop(*goes);
    return true;
}

// Those who have begun end before others begin.
Handshakes::Handshake* Handshakes::next() {
    if (Handshake* const handshake = ready_.pop()) return handshake;
    while (Handshake* const handshake = next_greeted()) {
        handshake->seal = handshake->door.make_seal();
        if (handshake->seal != nullptr) {
            ++shaking_;
            return handshake;
        }
        drop(*handshake);
    }
    return nullptr;
}

void Handshakes::ask_next() {
    while (helper_.unanswered() < Helper::errands_max) {
        Handshake* const handshake = next();
        if (handshake == nullptr) return;
        handshake->state = State::asked;
        helper_.ask({.what = sys::Errand::What::call, .function = &step, .argument = handshake});
    }
}

// To what comes last of the other side there is no answer, and the kernel would wait 40 ms for one
// before it acknowledges that: so long would most clients keep back their first line.
void Handshakes::step(void* argument) {
    auto& handshake = *static_cast<Handshake*>(argument);
    const int fd = handshake.socket.fd();
    handshake.shaken = handshake.seal->shake(fd);
    static_cast<void>(sys::set_option(fd, sys::Option::quick_ack, 1));
}

// To ask the helper, and to hear of it, would take longer.
void Handshakes::step_here(Handshake& handshake) {
    handshake.state = State::asked;
    handshake.watch.stop();
    step(&handshake);
    judge(handshake);
    ask_next();
}

void Handshakes::on_done(const sys::Errand& errand) {
    if (ending_) return;
    auto& handshake = *static_cast<Handshake*>(errand.argument);
    judge(handshake);
    ask_next();
}

void Handshakes::judge(Handshake& handshake) {
    if (handshake.state == State::cancelled) return drop(handshake);
    assert(handshake.state == State::asked);
    switch (handshake.shaken) {
        case Seal::Shaken::done:
            return finish(handshake);
        case Seal::Shaken::refused:
            return refuse(handshake, handshake.seal->refusal());
        case Seal::Shaken::plain:
            return refuse(handshake, handshake.seal->refusal(), true);
        case Seal::Shaken::wants_input:
        case Seal::Shaken::wants_little:
        case Seal::Shaken::wants_output:
            break;
    }
    handshake.state = State::waiting;
    const bool output = handshake.shaken == Seal::Shaken::wants_output;
    hear_each_byte(handshake);
    if (!watch(handshake, output ? Interest::write : Interest::read)) {
        return refuse(handshake, "the event loop is full");
    }
    handshake.waits_since = loop_.now();
    waiting_.push_back(handshake);
}

// Where the kernel was asked to wait for more.
void Handshakes::hear_each_byte(Handshake& handshake) {
    if (handshake.wanted == 1) return;
    handshake.wanted = 1;
    handshake.sized = false;
    static_cast<void>(sys::set_option(handshake.socket.fd(), sys::Option::receive_low_water, 1));
}

// What it says meanwhile stays in the kernel.
void Handshakes::finish(Handshake& handshake) {
    hear_each_byte(handshake);
    handshake.watch.stop();
    if (handshake.seal != nullptr) {
        ++counters_.done;
        --shaking_;
    }
    handshake.state = State::done;
    handshake.end = loop_.now() + limits_.whole;
    done_.push_back(handshake);
    resume(handshake.door);
}

void Handshakes::resume(const Door& door) {
    const auto first_of = [&](List<Handshake>& list) {
        Handshake* first = list.front();
        while (first != nullptr && &first->door != &door) first = list.next(*first);
        return first;
    };
    while (has_room(door)) {
        Handshake* const first = first_of(done_);
        if (first == nullptr) break;
        hand_over(*first);
    }
    if (!has_room(door)) return;
    while (Handshake* const first = first_of(shut_out_)) {
        first->unlink();
        (door.goes_first ? greeted_first_ : greeted_).push_back(*first);
    }
    ask_next();
}

void Handshakes::hand_over(Handshake& handshake) {
    handshake.unlink();
    const Door& door = handshake.door;
    Socket socket = std::move(handshake.socket);
    SealPtr seal = std::move(handshake.seal);
    slots_.release(handshake);
    door.opened(std::move(socket), std::move(seal));
}

void Handshakes::refuse(Handshake& handshake, std::string_view why, bool plain) {
    ++counters_.refused;
    handshake.door.refused({handshake.socket, why, plain});
    --shaking_;
    handshake.seal.reset();
    linger(handshake);
}

void Handshakes::linger(Handshake& handshake) {
    assert(!handshake.linked());
    assert(handshake.seal == nullptr);
    handshake.state = State::lingering;
    hear_each_byte(handshake);
    sys::shutdown_write(handshake.socket.fd());
    if (!watch(handshake, Interest::read)) drop(handshake);
}

void Handshakes::discard(Handshake& handshake) {
    std::array<char, 4096> bytes{};
    const auto received = sys::receive(handshake.socket.fd(), bytes);
    const bool more = received ? *received > 0 : received.error().value == EAGAIN;
    if (!more) drop(handshake);
}

void Handshakes::drop(Handshake& handshake) {
    if (handshake.seal != nullptr && handshake.state == State::done) {
        // It has been told by nobody else that this is the end.
        static_cast<void>(sys::send(handshake.socket.fd(), handshake.seal->farewell()));
    } else if (handshake.seal != nullptr) {
        --shaking_;
    }
    slots_.release(handshake);
}

void Handshakes::tick() {
    slots_.for_each([&](Handshake& handshake) {
        if (handshake.end > loop_.now()) return;
        if (handshake.state == State::asked || handshake.state == State::cancelled) return;
        // With half a record it has shown that it would speak TLS.
        const bool silent = handshake.state == State::gathering && handshake.wanted == 1;
        if (silent && handshake.door.takes_plain) return take_plain(handshake);
        if (handshake.state != State::lingering) ++counters_.timed_out;
        const bool shut_out = handshake.state == State::greeted && !has_room(handshake.door);
        if (handshake.state == State::done || shut_out) {
            handshake.door.refused({handshake.socket, "no room in time"});
        } else if (handshake.seal != nullptr) {
            handshake.door.refused({handshake.socket, "no answer in time"});
        }
        drop(handshake);
    });
    ask_next();
}

void Handshakes::check() const {
    slots_.check();
    gathering_.check();
    greeted_first_.check();
    greeted_.check();
    ready_.check();
    done_.check();
    waiting_.check();
    shut_out_.check();
    std::uint32_t shaking = 0;
    slots_.for_each([&](const Handshake& handshake) {
        const bool done = handshake.state == State::done;
        shaking += handshake.seal != nullptr && !done ? 1U : 0U;
        const bool listed = handshake.state == State::gathering || done ||
                            handshake.state == State::greeted || handshake.state == State::ready ||
                            handshake.state == State::waiting;
        assert(handshake.linked() == listed);
        assert(handshake.socket.open());
    });
    assert(shaking == shaking_);
}

}  // namespace reactor
