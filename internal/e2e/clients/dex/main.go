// Command dex serves Dex, which signs people in at the provider and apps in at itself:
// Dex's own server, storage and connector, put together by a few lines, as the main of
// its repository cannot be built against the newest versions of its SQL and etcd clients.
package main

import (
	"context"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/dexidp/dex/connector/oidc"
	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
)

func main() {
	origin, logger := os.Getenv("ORIGIN"), logrus.New()
	// What a connector of type oidc has in Dex's configuration file.
	server.ConnectorsConfig["latchkey"] = func() server.ConnectorConfig {
		return &oidc.Config{
			Issuer:       os.Getenv("ISSUER"),
			ClientID:     os.Getenv("CLIENT_ID"),
			ClientSecret: os.Getenv("CLIENT_SECRET"),
			RedirectURI:  origin + "/callback",
		}
	}
	data := storage.WithStaticConnectors(memory.New(logger), []storage.Connector{{ID: "latchkey", Name: "Latchkey", Type: "latchkey", Config: []byte("{}")}})
	data = storage.WithStaticClients(data, []storage.Client{{ID: "app", Secret: "secret", Name: "App", RedirectURIs: []string{os.Getenv("APP") + "/cb"}}})
	dex, err := server.NewServer(context.Background(), server.Config{
		Issuer: origin, Storage: data, SkipApprovalScreen: true, Logger: logger,
		Web: server.WebConfig{Dir: os.Getenv("WEB")}, PrometheusRegistry: prometheus.NewRegistry(),
	})
	if err != nil {
		log.Fatal(err)
	}
	at, err := url.Parse(origin)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(at.Host, dex))
}
