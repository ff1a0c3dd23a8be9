// Command argocd-health runs a health check in Argo CD's own interpreter.
//
// usage: argocd-health health.lua < objects.json
//
// Reads a JSON array of objects and prints the array of what the script says
// of each.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/v3/util/lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func run() error {
	script, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	var objects []map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		return err
	}
	results := make([]any, 0, len(objects))
	for _, object := range objects {
		// As Argo CD reads it from the cluster: whole numbers are int64.
		text, err := json.Marshal(object)
		if err != nil {
			return err
		}
		var live unstructured.Unstructured
		if err := live.UnmarshalJSON(text); err != nil {
			return err
		}
		health, err := lua.VM{}.ExecuteHealthLua(&live, string(script))
		if err != nil {
			return err
		}
		results = append(results, health)
	}
	return json.NewEncoder(os.Stdout).Encode(results)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
