#include "tests/live/network.hpp"

#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace live {

Namespace::Namespace() : outside_(open_own()) {
    if (::unshare(CLONE_NEWNET) != 0) {
        ::close(outside_);
        throw std::runtime_error("unshare");
    }
    inside_ = open_own();
    enter(outside_);
}

Namespace::~Namespace() {
    ::close(inside_);
    ::close(outside_);
}

std::string Namespace::path() const {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(inside_);
}

int Namespace::open_own() {
    const int fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw std::runtime_error("no network namespaces");
    return fd;
}

void Namespace::enter(int fd) {
    if (::setns(fd, CLONE_NEWNET) != 0) throw std::runtime_error("setns");
}

Network::Network() {
    in_switch({"ip", "link", "add", "switch", "type", "bridge"});
    in_switch({"ip", "link", "set", "switch", "up"});
    for (std::size_t i = 0; i < size; ++i) plug_in(i);
    // Whether packets can be dropped and held back is found out before they are.
    part(0, true, true);
    heal(0);
    limit(0, "1mbit");
    heal(0);
}

void Network::part(std::size_t host, bool incoming, bool outgoing) const {
    on(host, {"nft", "add", "table", "inet", "cut"});
    if (incoming) drop(host, "input", "iifname");
    if (outgoing) drop(host, "output", "oifname");
}

void Network::limit(std::size_t host, const std::string& rate) const {
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

void Network::heal(std::size_t host) const {
    // Whichever of them there is.
    const auto no = [](const std::vector<std::string>& command) { run(command); };
    hosts_[host].inside([&] {
        no({"nft", "delete", "table", "inet", "cut"});
        no({"tc", "qdisc", "del", "dev", "wire", "root"});
    });
    switch_.inside([&] { no({"tc", "qdisc", "del", "dev", port(host), "root"}); });
}

void Network::plug_in(std::size_t i) {
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

void Network::drop(std::size_t host, const std::string& hook, const std::string& device) const {
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

void Network::in_switch(const std::vector<std::string>& command) const {
    switch_.inside([&] { must(command); });
}

void Network::on(std::size_t host, const std::vector<std::string>& command) const {
    hosts_[host].inside([&] { must(command); });
}

void Network::must(const std::vector<std::string>& command) {
    const Ran ran = run(command);
    if (ran.code == 0) return;
    std::string text;
    for (const auto& word : command) text += word + " ";
    throw std::runtime_error(text + "fails: " + ran.err);
}

}  // namespace live
