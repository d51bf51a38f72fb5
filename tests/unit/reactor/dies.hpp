#pragma once

#include <catch2/catch.hpp>

#include <csignal>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reactor::test {

// Whether the process aborts in `deed`, which is done by a child.
template <class Deed>
bool dies(Deed deed) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        close(STDERR_FILENO);           // What the assertion says is expected.
        std::signal(SIGABRT, SIG_DFL);  // Catch2 would report it.
        deed();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace reactor::test
