#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/listener.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/seal.hpp"
#include "reactor/slab.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <concepts>
#include <cstdint>
#include <utility>

namespace reactor {

// What an Acceptor can keep: one accepted connection, with all that belongs to it. It hands itself
// to release() when it has ended, in the reclaim phase and not before.
template <class T>
concept Accepted = requires(T& session, Socket socket, SealPtr seal) {
    { session.open(std::move(socket), std::move(seal)) } -> std::same_as<Result<void>>;
    session.tick();   // about once a second: what has waited for too long ends
    session.drain();  // ends as soon as what is owed has been said
};

// A listening socket and a fixed number of slots for the sessions that come of it. With the last
// slot taken it accepts no more, and newcomers wait in the kernel's queue until one is released.
// Pinned. The sessions are its own, from accept to release().
//
//   listening --last slot taken--> full --a session released--> listening
//       \--------drain()-------------+--> draining: no newcomers, until size() is 0
//
// Invariant: the listener is paused exactly while every slot is taken.
template <Accepted T>
class Acceptor {
public:
    // How the owner makes a session in the slab, which has room, for what has come; it may not
    // refuse.
    using Make = Delegate<T*(Slab<T>& slots, const Socket& socket)>;

    struct Counters {
        std::uint64_t accepted = 0;
        std::uint64_t full = 0;  // times that the last slot was taken
    };

    // `full` is called whenever the last slot has been taken, and may be null: the owner may make
    // room by ending a session.
    Acceptor(Loop& loop, SocketProfile profile, Make make, Delegate<void()> full = {})
        : profile_(profile),
          make_(make),
          full_(full),
          listener_(loop, Delegate<void(Socket)>::to<&Acceptor::on_accepted>(*this)) {}

    // Once, first. Fails with ENOMEM.
    Result<void> map(std::uint32_t capacity) { return slots_.map(capacity); }
    // Returns the address in force: port 0 takes a free one.
    Result<Address> listen(const Address& address) {
        assert(slots_.capacity() > 0);
        return listener_.listen(address, profile_);
    }

    // Once, before listen(): what is accepted goes there first, and comes back by admit().
    void divert(Delegate<void(Socket)> divert) { divert_ = divert; }
    // Once, before listen(): `freed` is called when a session has gone, and by drain(). Who has
    // been accepted and waits elsewhere for a slot may be admitted then, before anybody in the
    // kernel's queue.
    void when_freed(Delegate<void()> freed) { freed_ = freed; }
    // Whether admit() may be called.
    bool has_room() const { return draining_ || !slots_.full(); }
    // One that was accepted before, here or elsewhere. While draining it is closed.
    void admit(Socket socket, SealPtr seal) {
        assert(has_room());
        if (!draining_) return take(std::move(socket), std::move(seal));
        if (seal != nullptr) static_cast<void>(sys::send(socket.fd(), seal->farewell()));
    }

    void tick() {
        slots_.for_each([](T& session) { session.tick(); });
    }
    // Takes nobody any more, and lets all end. Idempotent.
    void drain() {
        draining_ = true;
        listener_.close();
        slots_.for_each([](T& session) { session.drain(); });
        if (freed_) freed_();
    }
    // For a session that has ended, of itself: it is gone when this returns.
    void release(T& session) {
        slots_.release(session);
        if (freed_) freed_();
        if (listener_.paused() && !slots_.full()) listener_.resume();
        check();
    }

    template <class Visit>
    void for_each(Visit&& visit) {
        slots_.for_each(std::forward<Visit>(visit));
    }
    template <class Visit>
    void for_each(Visit&& visit) const {
        slots_.for_each(std::forward<Visit>(visit));
    }
    std::uint32_t size() const { return slots_.size(); }
    // Of its slot.
    std::uint32_t index(const T& session) const { return slots_.index(session); }
    Handle<T> handle(const T& session) const { return slots_.handle(session); }
    // Null when it has ended.
    T* find(Handle<T> handle) { return slots_.find(handle); }
    // That of such an index.
    T& operator[](std::uint32_t index) { return slots_[index]; }
    const T& operator[](std::uint32_t index) const { return slots_[index]; }
    std::uint32_t capacity() const { return slots_.capacity(); }
    bool full() const { return slots_.full(); }
    const Counters& counters() const { return counters_; }

    void check() const { assert(listener_.paused() == slots_.full()); }

private:
    void on_accepted(Socket socket) {
        if (divert_) return divert_(std::move(socket));
        take(std::move(socket), {});
    }
    void take(Socket socket, SealPtr seal) {
        assert(!slots_.full());
        T* const session = make_(slots_, socket);
        assert(session != nullptr);
        ++counters_.accepted;
        if (!session->open(std::move(socket), std::move(seal))) return slots_.release(*session);
        if (!slots_.full()) return;
        ++counters_.full;
        if (!listener_.paused()) listener_.pause();
        if (full_) full_();
    }

    SocketProfile profile_;
    Make make_;
    Delegate<void()> full_;
    Delegate<void(Socket)> divert_;
    Delegate<void()> freed_;
    Slab<T> slots_;
    Listener listener_;
    Counters counters_;
    bool draining_ = false;
};

}  // namespace reactor
