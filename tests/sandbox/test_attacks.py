"""X1 to X11 and X18: programs that try to reach out of the cage. Nothing here runs without one."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from tactful.sandbox import Job, Outcome, Sandbox
from tactful.sandbox.worker import Worker

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="raw system call numbers of x86_64")
GRACE_S = 0.5


def test_X1_no_socket_leaves_the_cage(attack, tmp_path):
    tcp = socket.create_server(("127.0.0.1", 0))
    named = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    named.bind(str(tmp_path / "door"))
    os.chmod(tmp_path / "door", 0o777)
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    abstract.bind(f"\0tactful-test-{os.getpid()}")
    with tcp, named, abstract:
        port = tcp.getsockname()[1]
        verdict = attack(f"""
            import socket, ctypes, os
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 16, 17, 38, 40):
                for kind in (1, 2, 3):
                    attempt(f"socket {{family}} {{kind}}", lambda: socket.socket(family, kind))
            attempt("connect", lambda: socket.create_connection(("127.0.0.1", {port}), timeout=1))
            attempt("listen", lambda: socket.create_server(("127.0.0.1", 0)))
            attempt("raw socket call", lambda: call(41, 2, 1, 0))
            attempt("raw connect", lambda: call(42, 1, b"x" * 16, 16))
            attempt("io_uring", lambda: call(425, 8, b"0" * 120))
            attempt("datagram pair", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
            def send(address):
                mine, other = socket.socketpair()
                mine.sendto(b"secret", address)
            attempt("sendto name", lambda: send({str(tmp_path / "door")!r}))
            attempt("sendto abstract", lambda: send("\\0tactful-test-{os.getpid()}"))
            def pass_on():
                mine, other = socket.socketpair()
                mine.sendmsg([b"secret"])
            attempt("sendmsg", pass_on)
            attempt("lookup", lambda: socket.gethostbyname("example.org"))
            from urllib.request import urlopen
            attempt("http", lambda: urlopen("http://127.0.0.1:{port}/", timeout=1))
        """)
        for listener in (tcp, named, abstract):
            listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            tcp.accept()
        for receiver in (named, abstract):
            with pytest.raises(BlockingIOError):
                receiver.recv(100)
    assert verdict.passed, verdict


def test_X2_files_outside_are_neither_read_nor_changed(attack, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    tmp_path.chmod(0o777)
    secret.chmod(0o666)
    for parent in list(tmp_path.parents)[:-1]:
        if parent.name.startswith("pytest-") and parent.stat().st_uid == os.getuid():
            parent.chmod(parent.stat().st_mode | 0o111)
    before = secret.stat()
    verdict = attack(f"""
        import os, ctypes, pathlib, shutil, tempfile, posix, io
        secret, folder = {str(secret)!r}, {str(tmp_path)!r}
        for path in (secret, "/etc/passwd", "/etc/shadow", "/etc/hostname", "/proc/self/maps", "/dev/mem", "/"):
            attempt("read " + path, lambda: io.open(path).read(1))
            attempt("open " + path, lambda: os.open(path, os.O_RDONLY))
            attempt("list " + path, lambda: os.listdir(path))
        for path in (secret, folder + "/new", "/tmp/new", "/dev/shm/new", "new", "/var/tmp/new"):
            attempt("write " + path, lambda: open(path, "w").write("x"))
            attempt("append " + path, lambda: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
            attempt("mkdir " + path, lambda: os.mkdir(path + "d"))
        attempt("unlink", lambda: os.unlink(secret))
        attempt("rename", lambda: os.rename(secret, folder + "/moved"))
        attempt("truncate", lambda: os.truncate(secret, 0))
        attempt("chmod", lambda: os.chmod(secret, 0))
        attempt("chown", lambda: os.chown(secret, os.getuid(), -1))
        attempt("utime", lambda: os.utime(secret, (1, 1)))
        attempt("setxattr", lambda: os.setxattr(secret, "user.x", b"1"))
        attempt("symlink", lambda: os.symlink(secret, folder + "/link"))
        attempt("hard link", lambda: os.link(secret, folder + "/link"))
        attempt("fifo", lambda: os.mkfifo(folder + "/fifo"))
        attempt("device", lambda: os.mknod(folder + "/device", 0o20666, 0x103))
        attempt("rmtree", lambda: os.rmdir(folder))
        attempt("temporary", lambda: tempfile.TemporaryFile())
        attempt("memfd", lambda: os.memfd_create("x"))
        attempt("raw openat", lambda: call(257, -100, secret.encode(), 0))
        attempt("openat2", lambda: call(437, -100, secret.encode(), bytes(24), 24))
        attempt("by handle", lambda: call(304, -100, bytes(128), 0))
        attempt("posix.system", lambda: effects.append("shell") if posix.system("echo x > " + secret) == 0 else 1 / 0)
    """)
    assert verdict.passed, verdict
    after = secret.stat()
    assert secret.read_text() == "the secret"
    assert (after.st_mode, after.st_mtime_ns, after.st_uid) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_uid,
    )
    assert [item.name for item in tmp_path.iterdir()] == ["secret.txt"]


def test_X2_the_working_folder_leads_to_nothing_but_the_library(attack):
    verdict = attack("""
        import os
        for start in (".", "/proc/self/cwd", os.getcwd()):
            for steps in range(1, 8):
                above = start + "/.." * steps
                attempt("list " + above, lambda: os.listdir(above))
                for name in (".bashrc", ".profile", "etc/passwd", "root/.bashrc", "pyvenv.cfg", "bin/python3"):
                    attempt("read " + above + name, lambda: open(above + "/" + name, "rb").read(1))
            attempt("write " + start, lambda: open(start + "/new", "w"))
            attempt("mkdir " + start, lambda: os.mkdir(start + "/new"))
        attempt("chdir", lambda: os.chdir(".."))
        attempt("fchdir", lambda: os.fchdir(os.open("/usr/share/zoneinfo", os.O_RDONLY)))
    """)
    assert verdict.passed, verdict


def test_X3_neither_environment_nor_memory_nor_proc_gives_a_secret_away(monkeypatch, sandbox):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    code = """
        import gc, os, sys, ctypes
        found = []
        def look(name, action):
            try:
                if "detnalp" in str(action())[::-1]:  # spelled backwards, so as not to find itself
                    found.append(name)
            except BaseException:
                pass
        look("environ", lambda: dict(os.environ))
        look("environb", lambda: os.environb)
        for pid in ("self", "thread-self", "1", str(os.getppid()), PARENT):
            for part in ("environ", "cmdline", "mem", "maps", "fd", "cwd", "root/etc/passwd"):
                look(pid + part, lambda: open("/proc/" + pid + "/" + part, "rb").read())
                look(pid + part, lambda: os.readlink("/proc/" + pid + "/" + part))
        look("objects", lambda: [item for item in gc.get_objects() if isinstance(item, (dict, list, tuple))])
        look("argv", lambda: [sys.argv, sys.orig_argv])
        look("frames", lambda: [frame.f_locals for frame in sys._current_frames().values()])
        libc = ctypes.CDLL(None)
        libc.getenv.restype = ctypes.c_char_p
        look("getenv", lambda: libc.getenv(b"OPENAI_API_KEY"))
        readable = 0
        for call in (310, 101, 250, 248, 438):  # process_vm_readv ptrace keyctl add_key pidfd_getfd
            if libc.syscall(call, int(PARENT), 0, 0, 0, 0, 0) >= 0:
                readable += 1
        environment = sorted(os.environ)
        open_files = []
        for descriptor in range(64):
            try:
                os.fstat(descriptor)
                open_files.append(descriptor)
            except OSError:
                pass
    """
    program = textwrap.dedent(code).replace("PARENT", repr(str(os.getpid())))
    tests = (
        "assert found == []",
        "assert readable == 0",
        "assert environment == ['LANG', 'MALLOC_ARENA_MAX', 'PYTHONHASHSEED', 'TZ']",
        "assert open_files == [0, 1, 2, 3]",
    )
    with Sandbox(workers=1) as fresh:
        verdict = fresh.run(Job(code=program, tests=tests))
    assert verdict.passed, verdict


def test_X3_expected_values_and_other_jobs_are_not_in_the_child(sandbox):
    sandbox.run(Job(code="earlier_job_marker = 1", tests=()))
    code = """
import gc, sys
def hunt(word):
    hits = 0
    for item in gc.get_objects():
        try:
            hits += word in repr(item)[:20000][::-1] if isinstance(item, (dict, list, tuple)) else 0
        except Exception:
            pass
    frame = sys._getframe()
    while frame:
        hits += word in str(frame.f_locals)[::-1]
        frame = frame.f_back
    return hits
def solve():
    return hunt("123456789") + hunt("rekram_boj_reilrae")
"""
    verdict = sandbox.run(Job(code=code, tests=("assert solve() == 0", "assert solve() == 987654321")))
    assert [test.outcome for test in verdict.tests] == [Outcome.PASSED, Outcome.FAILED]


def test_X4_no_signal_and_no_tracing_of_others(attack):
    options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    victim = subprocess.Popen(["/bin/sleep", "60"], **options)
    try:
        verdict = attack(f"""
            import os, signal, ctypes, fcntl, resource
            victim = {victim.pid}
            for target in (victim, os.getppid(), 1, -1, -victim):
                for number in (0, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
                    attempt(f"kill {{target}} {{number}}", lambda: os.kill(target, number))
            attempt("killpg", lambda: os.killpg(victim, signal.SIGKILL))
            attempt("tkill", lambda: call(200, victim, 9))
            attempt("tgkill", lambda: call(234, victim, victim, 9))
            attempt("sigqueue", lambda: call(129, victim, 9, bytes(128)))
            attempt("pidfd", lambda: os.pidfd_open(victim))
            attempt("pidfd signal", lambda: call(424, 3, 9, None, 0))
            for request in (0, 16, 0x4206):
                attempt(f"ptrace {{request}}", lambda: call(101, request, victim, 0, 0))
            attempt("vm read", lambda: call(310, victim, bytes(16), 1, bytes(16), 1, 0))
            attempt("vm write", lambda: call(311, victim, bytes(16), 1, bytes(16), 1, 0))
            r, w = os.pipe()
            attempt("owner", lambda: fcntl.fcntl(r, 8, victim))
            attempt("limits", lambda: resource.prlimit(victim, resource.RLIMIT_CPU, (1, 1)))
            attempt("own limits", lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)))
            attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, victim, 19))
            attempt("affinity", lambda: os.sched_setaffinity(victim, [0]))
            attempt("undumpable", lambda: call(157, 4, 1, 0, 0, 0))
            attempt("bpf", lambda: call(321, 0, bytes(64), 64))
            attempt("userfaultfd", lambda: call(323, 0))
            attempt("perf", lambda: call(298, bytes(128), 0, -1, -1, 0))
            attempt("kcmp", lambda: call(312, victim, victim, 0, 0, 0))
        """)
        assert verdict.passed, verdict
        assert victim.poll() is None
        assert psutil.Process(victim.pid).status() != psutil.STATUS_STOPPED
    finally:
        victim.kill()
        victim.wait()


BOMBS = {
    "X5_fork_bomb": """
        import os, ctypes, subprocess
        while True:
            for start in (os.fork, os.forkpty, lambda: call(57), lambda: call(58), lambda: call(56, 17, 0, 0, 0, 0),
                          lambda: call(435, bytes(88), 88), lambda: subprocess.Popen(["/bin/true"]),
                          lambda: os.posix_spawn("/bin/true", ["true"], {})):
                attempt("fork", start)
    """,
    "X6_thread_bomb": """
        import threading, time
        running = []
        while True:
            try:
                thread = threading.Thread(target=time.sleep, args=(60,))
                thread.start()
                running.append(thread)
            except BaseException:
                time.sleep(0.01)
    """,
    "X7_memory_bomb_that_swallows_its_errors": """
        import mmap
        hoard = []
        while True:
            for grab in (lambda: bytearray(1 << 24), lambda: mmap.mmap(-1, 1 << 26), lambda: "x" * (1 << 22)):
                try:
                    hoard.append(grab())
                except BaseException:
                    pass
    """,
    "X8_endless_loop_deaf_to_signals": """
        import signal
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            try:
                while True: pass
            except BaseException: pass
    """,
    "X8_endless_loop_in_c": "'x' * 3 == max(range(1 << 60))",
    "X8_sleeps_for_ever": "import time\ntime.sleep(1e6)",
    "X9_stdout_flood": """
        import os
        while True: os.write(1, b"x" * 65536)
    """,
    "X9_disk_fill": """
        import os, tempfile
        while True:
            for path in ("/tmp/fill", "/dev/shm/fill", "fill", "/var/tmp/fill"):
                attempt("fill", lambda: open(path, "ab").write(b"x" * (1 << 20)))
            attempt("memfd", lambda: os.memfd_create("fill"))
    """,
    "X10_daemon": """
        import os, signal, time
        attempt("fork", os.fork)
        attempt("setsid", os.setsid)
        attempt("setpgid", lambda: os.setpgid(0, 0))
        attempt("death signal", lambda: call(157, 1, 0, 0, 0, 0))
        attempt("subreaper", lambda: call(157, 36, 1, 0, 0, 0))
        attempt("exec", lambda: os.execv("/bin/sleep", ["sleep", "60"]))
        while True: time.sleep(1)
    """,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_X5_to_X10_bombs_are_dead_in_time_and_leave_nothing(name, attack, left_behind, monkeypatch):
    waited = [0.0]
    ask = Worker._kept_waiting_s
    monkeypatch.setattr(Worker, "_kept_waiting_s", lambda worker: waited.append(ask(worker)) or waited[-1])
    parent = psutil.Process()
    memory = parent.memory_info().rss
    started = time.monotonic()
    verdict = attack(BOMBS[name], timeout_s=1.0)
    elapsed = time.monotonic() - started
    assert elapsed - waited[-1] < 1.0 + GRACE_S, verdict
    assert not verdict.passed
    assert verdict.tests[0].outcome is Outcome.NOT_RUN
    assert (
        "not done within 1 s" in verdict.error
        or "printed more" in verdict.error
        or "used up its processor time" in verdict.error
    )
    assert left_behind() == []
    assert parent.memory_info().rss - memory < 50 << 20
    assert len(verdict.output) <= 4000


@pytest.mark.slow
def test_X5_to_X10_the_sandbox_works_on_after_every_bomb(attack, sandbox):
    for bomb in ("X6_thread_bomb", "X9_stdout_flood"):
        attack(BOMBS[bomb], timeout_s=0.5)
        assert sandbox.run(Job(code="x = 1", tests=("assert x == 1",))).passed


def test_X5_forking_has_no_effect_even_once(attack):
    verdict = attack("""
        import os, subprocess
        attempt("fork", os.fork)
        attempt("vfork", lambda: call(58))
        attempt("clone", lambda: call(56, 0x4111, 0, 0, 0, 0))
        attempt("clone3", lambda: call(435, bytes(88), 88))
        attempt("spawn", lambda: subprocess.run(["/bin/true"]))
        import multiprocessing
        attempt("pool", lambda: multiprocessing.Pool(1))
    """)
    assert verdict.passed, verdict


def test_X7_running_out_of_memory_is_told_as_memory(sandbox):
    code = "def hoard(n): return len([bytearray(1 << 20) for _ in range(n)])"
    verdict = sandbox.run(
        Job(code=code, tests=("assert hoard(10) == 10", "assert hoard(4000) == 4000"), memory_mb=64)
    )
    assert [test.outcome for test in verdict.tests] == [Outcome.PASSED, Outcome.MEMORY]


def test_X11_no_core_pattern_no_mount_no_shell(attack):
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    verdict = attack("""
        import os, subprocess, ctypes
        for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/oom_score_adj",
                     "/sys/kernel/uevent_helper", "/proc/self/uid_map", "/dev/tty", "/proc/self/mem"):
            attempt("write " + path, lambda: open(path, "w").write("0"))
        attempt("mount", lambda: call(165, b"none", b"/mnt", b"tmpfs", 0, None))
        attempt("umount", lambda: call(166, b"/proc", 2))
        attempt("open_tree", lambda: call(428, -100, b"/", 1))
        attempt("fsopen", lambda: call(430, b"tmpfs", 0))
        attempt("pivot_root", lambda: call(155, b"/", b"/"))
        attempt("chroot", lambda: os.chroot("/"))
        attempt("unshare", lambda: call(272, 0x10000000))
        attempt("setns", lambda: call(308, 3, 0))
        attempt("module", lambda: call(175, b"", 0, b""))
        attempt("kexec", lambda: call(246, 0, 0, 0, 0))
        attempt("reboot", lambda: call(169, 0xfee1dead, 672274793, 0, 0))
        attempt("clock", lambda: call(227, 0, bytes(16)))
        attempt("hostname", lambda: call(170, b"x", 1))
        attempt("swap", lambda: call(167, b"/x", 0))
        attempt("system", lambda: 1 / 0 if os.system("true") else None)
        attempt("popen", lambda: os.popen("id").read())
        attempt("run", lambda: subprocess.run("id", shell=True))
        attempt("exec", lambda: os.execv("/bin/sh", ["sh"]))
        attempt("execveat", lambda: call(322, -100, b"/bin/sh", None, None, 0))
        attempt("pty", lambda: os.openpty())
        attempt("shared memory", lambda: call(29, 1, 4096, 0o1666))
        attempt("message queue", lambda: call(240, b"/q", 0o102, 0o666, None))
        attempt("32-bit personality", lambda: call(135, 8))
    """)
    assert verdict.passed, verdict
    assert Path("/proc/sys/kernel/core_pattern").read_text() == pattern


def test_X11_a_call_of_another_architecture_kills(sandbox):
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))  # 32-bit getpid
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
print(ctypes.CFUNCTYPE(ctypes.c_int)(address)(), flush=True)
"""
    verdict = sandbox.run(Job(code=code, tests=("assert True is True",)))
    assert not verdict.passed
    assert verdict.error.startswith("ended by signal")
    assert verdict.output == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="asks what root's jobs may do")
def test_X18_as_root_jobs_are_nobody_and_cannot_return(attack, sandbox):
    verdict = attack("""
        import os
        if 0 in os.getresuid() + os.getresgid() or os.getgroups():
            effects.append("still root")
        attempt("setuid", lambda: os.setuid(0))
        attempt("setresuid", lambda: os.setresuid(0, 0, 0))
        attempt("setgroups", lambda: os.setgroups([0]))
        attempt("capset", lambda: call(126, bytes(8), bytes(24)))
        attempt("seteuid", lambda: os.seteuid(0))
    """)
    assert verdict.passed, verdict


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes nobody first")
@pytest.mark.slow
def test_X18_an_ordinary_user_is_caged_too(tmp_path):
    """The same guarantees without root, with whatever interpreter that user can read."""
    script = Path(__file__).parents[2] / "src"
    python = "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip("no interpreter that an ordinary user could read")
    code = f"""
import sys
sys.path.append({str(script / "tactful" / "sandbox")!r})
from inside import cage, server, landlock
layers = server.prepare(False)
import os
pid = os.fork()
if pid == 0:
    cage.enter(layers, server=os.getppid(), memory_bytes=1 << 28, cpu_s=5)
    try:
        open("/etc/passwd")
    except PermissionError:
        os._exit(7)
    os._exit(1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-c", code], user=65534, group=65534, extra_groups=[], check=False
    )
    assert done.returncode == 7
