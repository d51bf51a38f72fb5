#pragma once

#include "tests/live/process.hpp"

#include <array>
#include <string>
#include <vector>

#include <sched.h>

namespace live {

// A network namespace. Nothing but this program and what it starts inside holds it, so the kernel
// takes it away with all that is in it, however the program ends.
class Namespace {
public:
    Namespace();
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;
    ~Namespace();

    // What `act` does it does inside; so do the processes and sockets that it makes, for ever.
    template <class Act>
    auto inside(Act act) const {
        enter(inside_);
        struct Leave {
            int outside;
            ~Leave() { ::setns(outside, CLONE_NEWNET); }
        } const leave{outside_};
        return act();
    }
    // As `ip` takes it for the name of a namespace.
    std::string path() const;

private:
    static int open_own();
    static void enter(int fd);

    int outside_;
    int inside_ = -1;
};

// Three hosts on one switch, 10.77.0.1 to 10.77.0.3, each with a loopback of its own.
class Network {
public:
    static constexpr std::size_t size = 3;

    // Throws, with the reason, where the machine does not allow it.
    Network();

    static std::string address(std::size_t host) { return "10.77.0." + std::to_string(host + 1); }
    const Namespace& host(std::size_t host) const { return hosts_[host]; }

    // From now on what comes to the host is dropped, or what it sends; its loopback works on.
    void part(std::size_t host, bool incoming, bool outgoing) const;
    // Both ways at most so much, in tc's words: "64kbit".
    void limit(std::size_t host, const std::string& rate) const;
    void heal(std::size_t host) const;

private:
    static std::string port(std::size_t host) { return "port" + std::to_string(host); }

    void plug_in(std::size_t i);
    void drop(std::size_t host, const std::string& hook, const std::string& device) const;
    void in_switch(const std::vector<std::string>& command) const;
    void on(std::size_t host, const std::vector<std::string>& command) const;
    static void must(const std::vector<std::string>& command);

    Namespace switch_;
    std::array<Namespace, size> hosts_;
};

}  // namespace live
