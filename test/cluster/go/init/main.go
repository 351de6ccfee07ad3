// Command init is process 1 of a cluster: when it ends, the kernel ends every other process inside.
//
//	init MARK CGROUP
//
// MARK tells whose it is. It reaps what others leave behind, and ends everything when the folder that it was started in
// has been deleted or moved: nobody could find the cluster any more.
package main

import (
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	home := folder()
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	looks := time.Tick(2 * time.Second)
	for folder() == home {
		select {
		case <-children:
			reap(syscall.WNOHANG)
		case <-looks:
		}
	}
	_ = syscall.Kill(-1, syscall.SIGKILL)
	reap(0)
	removeCgroups(os.Args[2])
}

// folder is the path of the working directory as it is now; the kernel adds " (deleted)".
func folder() string {
	path, _ := os.Readlink("/proc/self/cwd")
	return path
}

func reap(options int) {
	for {
		if pid, err := syscall.Wait4(-1, nil, options, nil); pid <= 0 || err != nil {
			return
		}
	}
}

// removeCgroups takes away what nobody else will: a cgroup stays when its processes have ended.
func removeCgroups(name string) {
	roots, _ := filepath.Glob("/sys/fs/cgroup/*/" + name)
	for _, root := range append(roots, "/sys/fs/cgroup/"+name) {
		var dirs []string
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			// Busy for a moment after its last process.
			for try := 0; syscall.Rmdir(dir) == syscall.EBUSY && try < 100; try++ {
				time.Sleep(20 * time.Millisecond)
			}
		}
	}
}
