#pragma once

#include "tests/live/process.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace live {

// A network namespace. Nothing but this program and what it starts inside holds it, so the kernel
// takes it away with all that is in it, however the program ends.
class Namespace {
public:
    Namespace() : outside_(open_own()) {
        if (::unshare(CLONE_NEWNET) != 0) {
            ::close(outside_);
            throw std::runtime_error("unshare");
        }
        inside_ = open_own();
        enter(outside_);
    }
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;
    ~Namespace() {
        ::close(inside_);
        ::close(outside_);
    }

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
    std::string path() const {
        return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(inside_);
    }

private:
    static int open_own() {
        const int fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (fd < 0) throw std::runtime_error("no network namespaces");
        return fd;
    }
    static void enter(int fd) {
        if (::setns(fd, CLONE_NEWNET) != 0) throw std::runtime_error("setns");
    }

    int outside_;
    int inside_ = -1;
};

// Three hosts on one switch, 10.77.0.1 to 10.77.0.3, each with a loopback of its own.
class Network {
public:
    static constexpr std::size_t size = 3;

    // Throws, with the reason, where the machine does not allow it.
    Network() {
        in_switch({"ip", "link", "add", "switch", "type", "bridge"});
        in_switch({"ip", "link", "set", "switch", "up"});
        for (std::size_t i = 0; i < size; ++i) plug_in(i);
        // Whether packets can be dropped and held back is found out before they are.
        part(0, true, true);
        heal(0);
        limit(0, "1mbit");
        heal(0);
    }

    static std::string address(std::size_t host) { return "10.77.0." + std::to_string(host + 1); }
    const Namespace& host(std::size_t host) const { return hosts_[host]; }

    // From now on what comes to the host is dropped, or what it sends; its loopback works on.
    void part(std::size_t host, bool incoming, bool outgoing) const {
        on(host, {"nft", "add", "table", "inet", "cut"});
        if (incoming) drop(host, "input", "iifname");
        if (outgoing) drop(host, "output", "oifname");
    }
    // Both ways at most so much, in tc's words: "64kbit".
    void limit(std::size_t host, const std::string& rate) const {
        const auto hold = [&](const char* device) -> std::vector<std::string> {
            return {"tc",
                    "qdisc",
                    "replace",
                    "dev",
                    device,
                    "root",
                    "tbf",
                    "rate",
                    rate,
                    "burst",
                    "4kb",
                    "latency",
                    "1s"};
        };
        on(host, hold("wire"));
        in_switch(hold(port(host).c_str()));
    }
    void heal(std::size_t host) const {
        // Whichever of them there is.
        const auto no = [](const std::vector<std::string>& command) { run(command); };
        hosts_[host].inside([&] {
            no({"nft", "delete", "table", "inet", "cut"});
            no({"tc", "qdisc", "del", "dev", "wire", "root"});
        });
        switch_.inside([&] { no({"tc", "qdisc", "del", "dev", port(host), "root"}); });
    }

private:
    static std::string port(std::size_t host) { return "port" + std::to_string(host); }

    void plug_in(std::size_t i) {
        const std::string end = port(i);
        in_switch({"ip",
                   "link",
                   "add",
                   end,
                   "type",
                   "veth",
                   "peer",
                   "name",
                   "wire",
                   "netns",
                   hosts_[i].path()});
        in_switch({"ip", "link", "set", end, "master", "switch", "up"});
        on(i, {"ip", "address", "add", address(i) + "/24", "dev", "wire"});
        on(i, {"ip", "link", "set", "wire", "up"});
        on(i, {"ip", "link", "set", "lo", "up"});
    }
    void drop(std::size_t host, const std::string& hook, const std::string& device) const {
        on(host,
           {"nft",
            "add",
            "chain",
            "inet",
            "cut",
            hook,
            "{ type filter hook " + hook + " priority 0; }"});
        on(host, {"nft", "add", "rule", "inet", "cut", hook, device, "wire", "drop"});
    }
    void in_switch(const std::vector<std::string>& command) const {
        switch_.inside([&] { must(command); });
    }
    void on(std::size_t host, const std::vector<std::string>& command) const {
        hosts_[host].inside([&] { must(command); });
    }
    static void must(const std::vector<std::string>& command) {
        const Ran ran = run(command);
        if (ran.code == 0) return;
        std::string text;
        for (const auto& word : command) text += word + " ";
        throw std::runtime_error(text + "fails: " + ran.err);
    }

    Namespace switch_;
    std::array<Namespace, size> hosts_;
};

}  // namespace live
