#pragma once

#include "reactor/delegate.hpp"
#include "reactor/ports.hpp"
#include "reactor/socket.hpp"
#include "reactor/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace herd::program {

// Who started this process and looks after it, systemd for one, as sd_notify(3) and
// sd_listen_fds(3) have it, said by hand. Where nobody does, nothing here does anything.
//
// It is told when the server serves, how it is, that its loop turns, and that it ends. And it keeps
// the sockets that the server listens on: the next one gets them when this one has ended, however
// it has, so nobody is refused in between.
//
// Nobody waits for it: what it has no room for is said again at the next beat. Pinned.
class ServiceManager {
public:
    // Reads from the environment where it is, and takes that out of it: who is started from here is
    // none of its business.
    ServiceManager();
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;

    bool present() const { return notifier_.open(); }
    // How often beat() is to be called, at least: at half of the time after which it takes us for
    // dead, if it does, and each second to say how we are.
    reactor::Duration beat_interval() const;

    // What it has kept, or opened for us, goes to `ports`. Once, with nothing open there yet.
    void hand_down(reactor::Ports& ports);
    // What of that was not wanted is closed, and not kept any longer. All that is open there is
    // kept from now on. `name_of` is what a person calls such a port.
    void keep(reactor::Ports& ports,
              reactor::Delegate<std::string_view(const reactor::Ports::Opened&)> name_of);

    void ready(std::string_view status);
    // The loop turns, and this is how we are.
    void beat(std::string_view status, reactor::Instant now);
    void reloading();
    void stopping();

    // Whether standard error goes to its journal, which reads how bad a line is from its beginning.
    static bool reads_standard_error();

private:
    struct Kept {
        int fd = -1;
        std::string name;
    };

    bool say(std::string_view message, int descriptor = -1) const;
    void say_rest();
    void on_dropped(int fd);

    reactor::Socket notifier_;
    reactor::Duration watchdog_{};  // 0: it does not watch
    reactor::Instant told_alive_{};
    std::string told_status_;
    bool told_ready_ = false;
    bool stopping_ = false;
    std::vector<std::string> handed_names_;  // of descriptors from 3 on
    std::vector<Kept> kept_;
    std::size_t kept_told_ = 0;
};

}  // namespace herd::program
