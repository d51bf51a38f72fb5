#include "reactor/handshakes.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

namespace reactor {

namespace {

// RFC 8446, 5.1: a record is its type, a version, its length and so many bytes.
constexpr std::size_t record_head = 5;
// So many bytes are looked at: those of most are there at once.
constexpr std::size_t first_record_usual = 2048;
constexpr std::size_t first_record_max = record_head + Seal::record_max;

std::size_t record_size(std::span<const char> head) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(head[at]); };
    return record_head + (std::size_t{byte(3)} << 8 | byte(4));
}

}  // namespace

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

bool Handshakes::make_room(const Door& door) {
    ++counters_.displaced;
    Handshake* oldest = gathering_.front();
    if (oldest == nullptr && door.goes_first) oldest = greeted_.front();
    if (oldest == nullptr) return false;
    drop(*oldest);
    return true;
}

void Handshakes::on_ready(Handshake& handshake, Ready) {
    switch (handshake.state) {
        case State::gathering:
            return gather(handshake);
        case State::waiting:
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

// All stays in the kernel, which says when the record is whole, or that no more will come.
void Handshakes::gather(Handshake& handshake) {
    if (handshake.sized) return greet(handshake);
    std::array<char, first_record_usual> start;  // NOLINT(*-member-init): what is seen is looked at
    const int fd = handshake.socket.fd();
    const auto seen = sys::peek(fd, start);
    if (!seen && seen.error().value == EAGAIN) return;
    // Woken for less than was asked for: there will be no more.
    if (!seen || *seen < handshake.wanted) return drop(handshake);
    if (start[0] != Seal::first_byte) return take_plain(handshake);
    std::size_t wanted = record_head;
    if (*seen >= record_head) {
        wanted = record_size(start);
        if (wanted > first_record_max) return drop(handshake);
        if (*seen >= wanted) return greet(handshake);
        handshake.sized = true;
    }
    handshake.wanted = record_head;
    if (!sys::set_option(fd, sys::Option::receive_low_water, static_cast<int>(wanted))) {
        drop(handshake);
    }
}

void Handshakes::greet(Handshake& handshake) {
    handshake.unlink();
    handshake.state = State::greeted;
    handshake.watch.stop();
    (handshake.door.goes_first ? greeted_first_ : greeted_).push_back(handshake);
    ask_next();
}

void Handshakes::take_plain(Handshake& handshake) {
    handshake.unlink();
    if (handshake.door.takes_plain) return finish(handshake);
    ++counters_.plain;
    handshake.door.refused({handshake.socket, "it does not speak TLS", true});
    std::array<char, speaks_tls.size() + 1> line{};
    *std::ranges::copy(speaks_tls, line.begin()).out = '\n';
    static_cast<void>(sys::send(handshake.socket.fd(), {line.data(), line.size()}));
    linger(handshake);
}

void Handshakes::make_ready(Handshake& handshake) {
    handshake.state = State::ready;
    handshake.watch.stop();
    ready_.push_back(handshake);
    ask_next();
}

Handshakes::Handshake* Handshakes::next_greeted() {
    if (shaking_ >= limits_.shaking) return nullptr;
    if (Handshake* const handshake = greeted_first_.pop()) return handshake;
    const std::uint32_t kept = limits_.shaking / 4;
    return shaking_ + kept < limits_.shaking ? greeted_.pop() : nullptr;
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
        refuse(handshake, "the event loop is full");
    }
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
    while (!door.has_room || door.has_room()) {
        Handshake* first = done_.front();
        while (first != nullptr && &first->door != &door) first = done_.next(*first);
        if (first == nullptr) return;
        hand_over(*first);
    }
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
    if (handshake.seal != nullptr && handshake.state != State::done) --shaking_;
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
        if (handshake.state == State::done) {
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
    std::uint32_t shaking = 0;
    slots_.for_each([&](const Handshake& handshake) {
        const bool done = handshake.state == State::done;
        shaking += handshake.seal != nullptr && !done ? 1U : 0U;
        const bool listed = handshake.state == State::gathering || done ||
                            handshake.state == State::greeted || handshake.state == State::ready;
        assert(handshake.linked() == listed);
        assert(handshake.socket.open());
    });
    assert(shaking == shaking_);
}

}  // namespace reactor
